"""Where fetched brains are kept: by content, whole or not at all, shared by every process of the user."""

from typing import TYPE_CHECKING

from runner_core.util.lazy import attach_names

if TYPE_CHECKING:
    from runner_core.cache.archive import unpack_if_archive as unpack_if_archive
    from runner_core.cache.cache import Cache as Cache
    from runner_core.cache.http import IDEMPOTENT_METHODS as IDEMPOTENT_METHODS
    from runner_core.cache.http import Client as Client
    from runner_core.cache.http import http_opener as http_opener
    from runner_core.cache.http import make_status_error as make_status_error
    from runner_core.cache.release import Body as Body
    from runner_core.cache.release import Opener as Opener
    from runner_core.cache.release import Release as Release
    from runner_core.cache.release import RemoteFile as RemoteFile
    from runner_core.cache.release import check_name as check_name
    from runner_core.cache.release import check_path as check_path
else:
    __getattr__, __dir__, __all__ = attach_names(
        __name__,
        {
            "archive": ["unpack_if_archive"],
            "cache": ["Cache"],
            "http": ["Client", "IDEMPOTENT_METHODS", "http_opener", "make_status_error"],
            "release": ["Body", "Opener", "Release", "RemoteFile", "check_name", "check_path"],
        },
    )
