"""The text of a Python file, in the encoding that it declares, line ends as they are."""

import io
import tokenize


def decoded(content: bytes) -> str:
    """Its text; a byte-order mark stays as its first character.

    Raises:
        SyntaxError: it declares an encoding that it is not in.
    """
    encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    return content.decode("utf-8" if encoding == "utf-8-sig" else encoding)


def encoded(text: str, like: bytes) -> bytes:
    """A text as bytes in the encoding of another file."""
    encoding, _ = tokenize.detect_encoding(io.BytesIO(like).readline)
    return text.encode("utf-8" if encoding == "utf-8-sig" else encoding)
