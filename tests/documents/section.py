"""The marked sections of documents whose other words are a person's."""


def replace_section(document: str, name: str, text: str) -> str:
    """`document` with `text` between its `<!-- name:begin -->` and `<!-- name:end -->`, the rest untouched.

    Raises ValueError when the marks are not there, once each and in this order.
    """
    begin, end = f"<!-- {name}:begin -->", f"<!-- {name}:end -->"
    if document.count(begin) != 1 or document.count(end) != 1 or document.index(end) < document.index(begin):
        raise ValueError(f"the document needs {begin} and {end}, once each")
    before, after = document.partition(begin)[0], document.partition(end)[2]
    return f"{before}{begin}\n\n{text}\n\n{end}{after}"
