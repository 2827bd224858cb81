"""What estimators of tables have in common."""

from sklearn.utils.validation import check_is_fitted


class TakesTables:
    """A mixin of estimators that take whatever a table has; before the others."""

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        tags.input_tags.categorical = True
        return tags


class EncodesTables(TakesTables):
    """One that has a `TableEncoder` as ``encoder_``, which knows the columns."""

    @property
    def n_features_in_(self):
        """Number of columns."""
        check_is_fitted(self)
        return self.encoder_.n_features_in_

    @property
    def feature_names_in_(self):
        """Names of the columns, where these are all strings."""
        return self.encoder_.feature_names_in_
