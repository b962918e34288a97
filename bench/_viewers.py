"""Pages that are open somewhere: WebSocket clients in a process of their own, which draw at once what they are sent.

    python _viewers.py ws://127.0.0.1:8000/frames 200

Says ``ready`` when all are connected. For each line on standard input it says what it has seen since the last one:
messages, bytes, those of the viewer that got fewest, and the seconds of processor time that it took.
"""

from __future__ import annotations

import asyncio
import sys
from time import process_time

from websockets.asyncio.client import ClientConnection, connect


class Seen:
    """What all viewers have been sent, since it was last told."""

    def __init__(self, viewers: int) -> None:
        self.messages, self.bytes, self._worked = [0] * viewers, 0, 0.0

    def tell(self) -> str:
        worked = process_time()
        told = f"{sum(self.messages)} {self.bytes} {min(self.messages)} {worked - self._worked}"
        self.messages, self.bytes, self._worked = [0] * len(self.messages), 0, worked
        return told


async def draw(socket: ClientConnection, seen: Seen, number: int) -> None:
    async for message in socket:
        seen.messages[number] += 1
        seen.bytes += len(message)
        await socket.send("drawn")


async def main(url: str, viewers: int) -> None:
    seen = Seen(viewers)
    sockets = [await connect(url, proxy=None, compression=None, max_size=None) for _ in range(viewers)]
    drawing = [asyncio.create_task(draw(socket, seen, number)) for number, socket in enumerate(sockets)]
    print("ready", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(seen.tell(), flush=True)
    for task in drawing:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], int(sys.argv[2])))
