"""Tables as people have them, as matrices, and back."""

from skgantk.preprocessing._table_encoder import TableEncoder

__all__ = ["TableEncoder"]
