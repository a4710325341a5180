"""`make app`: the explorer as a web page for a class. Each part imports only from those below it:

    __main__   the command
    server     Voilà, with our settings
    handlers   what a visitor's browser asks for: the page, and the line to its kernel
    visits     who has a page open, and who may open one more
    prepared   the folder that is the same for all visitors, and what each opens from it

Each visitor is served a page by Voilà, with a separate kernel behind it.
"""
