"""An app of another project with a watched model. Tests list it in INSTALLED_APPS after all of our apps."""
