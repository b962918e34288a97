"""Sources and sinks as a person types them."""

from __future__ import annotations

import logging
import os
import re
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePath
from typing import TypeGuard

from runner_core.contracts import HasFiles, HasFolder, HasPlaces, Sink, Source
from runner_core.discovery.catalog import find_distribution
from runner_core.discovery.registry import Installed, get_registry
from runner_core.errors import NotInstalled, PluginError, UsageError
from runner_core.pipeline.named_source import NamedSource, split_name
from runner_core.pipeline.several_sources import join_sources, list_folders
from runner_core.util.home import expand_home
from runner_core.util.location import number_repeats, redact_url, without_options
from runner_core.util.spelling import ask_if_meant

log = logging.getLogger("runner")

OF_PICTURES = {"path", "http", "https"}  # claims of sources whose locations may be pictures
_SCHEME = re.compile(r"^([A-Za-z][A-Za-z0-9+.-]+):")  # two letters at least: C: is a drive
_DRIVE = re.compile(r"^[A-Za-z]:[\\/]")


One = str | os.PathLike[str] | int | Source
Readable = One | Sequence[One]
"""A location, a path, the number of a camera, or a source; or several of them, cameras or files."""

Writable = str | os.PathLike[str] | Sink
"""A location, a path, or a sink."""


def open_source(location: str) -> Source:
    """The source for ``file:pictures``, ``https://...``, ``clip.mp4``, ``pictures/``, ``0``, ``-``.

    A plugin's name before a colon comes first, then what plugins claim: the suffix, the scheme; without a scheme the
    whole location (``-``, ``/dev/video0``), the suffix, any path. A plain word is a claim only if it is the plugin's
    own name and no file or folder has that name. What follows a question mark is ignored here, unless a file with the
    question mark in its name exists; but ``?name=till`` is what the camera or the video is called from then on. An
    http address that is not said to be a stream keeps its ``name=``: it may be the server's. Raises NotInstalled,
    SourceError, UsageError.
    """
    found = find_source(expand_home(location))
    if found is None:
        raise _make_unread(location)
    log.debug("%s: read by source %s", redact_url(location), found[0].plugin.name)
    plugin, place = found
    if os.path.exists(place) or not OF_PICTURES.isdisjoint(plugin.plugin.claims):  # noqa: PTH110  # any text
        return _make_source(plugin, place)
    place, name = split_name(place)
    source = _make_source(plugin, place)
    return NamedSource(source, name) if name else source


def find_source(location: str) -> tuple[Installed, str] | None:
    """The plugin that reads a location, as ``open_source`` says, and what to make it with; None where there is none."""
    scheme = _SCHEME.match(location)
    named = get_registry().find("sources", scheme[1]) if scheme else None
    if named and scheme:
        return named, location[scheme.end() :]
    bare = location if os.path.exists(location) else location.partition("?")[0]  # noqa: PTH110  # any text may be given
    suffix = "" if _is_pattern(bare) else PurePath(bare).suffix.lower()
    whole = bare if not bare.isidentifier() or _is_own_name(bare) else ""  # a folder may be called rtsp
    for claim in (suffix, scheme[1].lower()) if scheme else (whole, suffix, "path"):
        claiming = get_registry().find_claiming("sources", claim) if claim else ()
        if claiming:
            return claiming[0], location
        if claim == suffix and find_distribution("sources", suffix):
            return None
    return None


def _make_unread(location: str) -> NotInstalled:
    """The error for a location that nothing reads."""
    scheme, suffix = _SCHEME.match(location), PurePath(without_options(location)).suffix.lower()
    word = scheme[1].lower() if scheme else suffix if find_distribution("sources", suffix) else "file"
    named = get_registry().all("sources")
    schemes = {claim for found in named.values() for claim in found.plugin.claims if claim.isidentifier()}
    package = find_distribution("sources", word)
    more = f"`pip install {package}` brings one" if package else "see `runner plugins`"
    remedy = f"{ask_if_meant(word, {*named, *schemes})}installed: {', '.join(named) or 'none'}; {more}"
    return NotInstalled(f"no installed source reads {redact_url(location)!r}", remedy=remedy)


def to_source(given: Readable) -> Source:
    """The source itself, or one of several. Raises as ``open_source`` and ``join_sources`` do.

    Raises UsageError for what is not a Readable.
    """
    if _is_several(given):
        sources = [to_source(each) for each in given]
        named = enumerate(zip(given, sources, strict=True), 1)
        return join_sources(sources, [source_name_of(each, source, number) for number, (each, source) in named])
    if isinstance(given, str | os.PathLike | int):
        return open_source(str(given))
    if not isinstance(given, Source):
        raise UsageError(
            f"a {type(given).__name__} is not a source of pictures",
            remedy="give a location, such as 'pictures/', or a source; brain.predict_many takes pictures in memory",
        )
    return given


def source_name_of(given: One, source: Source, number: int = 1) -> str:
    """What a source is called among several: its name, its location without what may be secret, or its number."""
    if isinstance(source, NamedSource):
        return source.name
    return f"source {number}" if isinstance(given, Source) else redact_url(str(given))


def locations_of(given: Readable) -> list[str]:
    """The locations among what is given."""
    several = given if _is_several(given) else (given,)
    return [str(each) for each in several if isinstance(each, str | os.PathLike | int)]


def _is_several(given: Readable) -> TypeGuard[Sequence[One]]:
    return isinstance(given, Sequence) and not isinstance(given, str | bytes | Source)


def open_sink(location: str) -> Sink:
    """The sink for ``jsonl:out.jsonl``, ``images:out/``; for ``-`` or ``out.csv`` the one that claims it.

    What follows a question mark is ignored here. Raises UsageError, NotInstalled, PluginError, SinkError.
    """
    name, colon, rest = ("", "", "") if _DRIVE.match(location) else location.partition(":")
    if colon and rest:
        return _make_sink(get_registry().get("sinks", name), expand_home(rest))
    claim = PurePath(without_options(location)).suffix.lower() or location
    claiming = () if colon else get_registry().find_claiming("sinks", claim)
    if not claiming:
        raise _make_no_sink(location, name)
    return _make_sink(claiming[0], expand_home(location))


def _make_sink(found: Installed, location: str) -> Sink:
    """Raises PluginError where what the plugin makes is no sink: that is its fault, and told before a model loads."""
    sink = found.make(location)
    if not isinstance(sink, Sink):
        raise PluginError(
            f"sink {found.plugin.name!r} of {found.distribution}: what {found.plugin.target} makes has no open",
            remedy=f"report it to the author of {found.distribution}",
        )
    return sink


def _make_no_sink(location: str, name: str) -> UsageError:
    """The error for a sink without a place, a file that no sink writes, or a slip."""
    sinks = get_registry().all("sinks")
    if name in sinks:
        form = re.search(rf"\b{re.escape(name)}:[^\s,;]+", sinks[name].plugin.summary)
        return UsageError(
            f"{location!r} is not a sink without a place", remedy=f"write {form[0] if form else f'{name}:PLACE'}"
        )
    suffix = PurePath(without_options(location)).suffix.lower()
    claims = [claim for found in sinks.values() for claim in found.plugin.claims]
    meant = ask_if_meant(suffix, claims) if suffix else ask_if_meant(name, sinks)
    return UsageError(f"{location!r} is not a sink", remedy=f"{meant}write its name and a place: jsonl:out.jsonl")


def open_sinks(given: Sequence[Writable], *, reading: Source | None = None, inputs: Sequence[str] = ()) -> list[Sink]:
    """The sinks for locations; sinks are returned as they are.

    Raises as ``open_sink`` does, and UsageError if two would write over each other.

    ``reading``  the source of the run: a sink that writes pictures into a folder which this source searches, or writes
                 over one of its ``files``, is refused too.
    ``inputs``   locations that are read: no sink may write over a file that one of them names.
    """
    if isinstance(given, str | os.PathLike):
        raise UsageError(f"sinks are {str(given)!r}", remedy="give a list of them")
    sinks = [open_sink(str(each)) if isinstance(each, str | os.PathLike) else each for each in given]
    read = [_file_of(each) for each in inputs]
    taken: dict[str, str] = {}
    for each, sink in zip(given, sinks, strict=True):
        location = _sink_name_of(each)
        for place in _places_of(sink) or ([] if sink is each else [str(each)]):
            if _is_among(read, place) or (isinstance(reading, HasFiles) and _is_among(reading.files, place)):
                raise UsageError(f"{location}: would write over what is read", remedy="name another place for it")
            if place in taken:
                other = taken[place]
                twice = location == other
                problem = f"{location} is given twice" if twice else f"{location} writes to the same place as {other}"
                raise UsageError(problem, remedy="name another place for one of them")
            taken[place] = location
        for folder in list_folders(reading) if reading else ():
            _check_folders(folder, sink.folder if isinstance(sink, HasFolder) else None, location)
    return sinks


def sink_names_of(given: Sequence[Writable]) -> list[str]:
    """A unique name for each sink, for summaries and messages: as it was typed, without what may be secret."""
    names = [_sink_name_of(each) for each in given]
    return [name + suffix for name, suffix in zip(names, number_repeats(names), strict=True)]


def _sink_name_of(given: Writable) -> str:
    return redact_url(str(given)) if isinstance(given, str | os.PathLike) else type(given).__name__


def _places_of(sink: Sink) -> list[str]:
    """Where the sink says that it writes."""
    return [os.path.realpath(place) for place in (sink.places if isinstance(sink, HasPlaces) else ())]


def _is_among(files: Iterable[str], place: str) -> bool:
    """Whether a place is one of these files. There may be a million: only those with its name are looked at."""
    name = os.path.basename(place)  # noqa: PTH119  # any text may be given
    alike = [file for file in files if file.endswith(name)]
    return bool(alike) and os.path.isfile(place) and place in map(os.path.realpath, alike)  # noqa: PTH113


def _file_of(location: str) -> str:
    """The file that a source's location names, if it names one."""
    scheme = _SCHEME.match(location)
    place = location[scheme.end() :] if scheme and scheme[1] in get_registry().all("sources") else location
    place = expand_home(place)
    return place if os.path.exists(place) else without_options(place)  # noqa: PTH110  # any text may be given


def _check_folders(searched: str, filled: Path | None, location: str) -> None:
    if filled and Path(os.path.realpath(filled)).is_relative_to(os.path.realpath(searched)):
        raise UsageError(
            f"{location}: among the pictures that are read, from {searched}", remedy="name a folder outside it"
        )


def _is_pattern(place: str) -> bool:
    """Whether it is a glob of files, such as ``clips/*.mp4``."""
    return any(sign in place for sign in "*[") and "://" not in place and not os.path.exists(place)  # noqa: PTH110


def _is_own_name(word: str) -> bool:
    return word in get_registry().all("sources") and not os.path.exists(word)  # noqa: PTH110  # as above


def _make_source(found: Installed, location: str) -> Source:
    source: Source = found.make(expand_home(location))
    return source
