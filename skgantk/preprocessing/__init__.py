"""Tables as people have them, as matrices, and back."""

from skgantk.preprocessing._table_encoder import TableEncoder
from skgantk.preprocessing._table_imputer import TableImputer

__all__ = ["TableEncoder", "TableImputer"]
