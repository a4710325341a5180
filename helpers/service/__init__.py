"""A collection for many users: a search service over HTTP, in front of a file or of PostgreSQL.

`python -m helpers.service` (`make serve`) is the server; `Client(url)` is its
client, and needs nothing that a notebook does not have. Each part imports only
from those below it:

    __main__, command_line, keys_command   the command
    http/                                  routes, their answers, and the search page
    service, local                         all parts together; a server beside a notebook
    jobs/, already_here                    jobs in the background; is this picture in the collection?
    client/                                the client
    query_network                          a photo from outside to its feature
    photo_root, gate/                      which files may be read; which requests and uploads may pass
    storage/                               the collection, in either database
    settings, records, valid_text          settings, rows, and checks of text

The databases themselves are in `helpers.database`, which notebooks use too.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
