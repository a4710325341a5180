"""One collection for many: a search service over HTTP, in front of a file or of PostgreSQL.

`python -m helpers.service` (`make serve`) is the server, `Client(url)` speaks
with it and needs nothing that a notebook does not have. Each knows only what
stands below it:

    __main__, command_line, keys_command   the command
    http/                                  routes and answers, and the page for people
    service, local                         all parts together; a server beside a notebook
    jobs/, already_here                    work in the background; is this picture in the collection
    client/                                the other side
    query_network                          a photo from outside to its feature
    photo_root, gate/                      which files may be read; who and what gets in
    storage/                               what is kept, behind one small interface
    settings, records, valid_text          how a service is set up, and what it speaks of

The databases themselves are in `helpers.database`, which notebooks use too.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
