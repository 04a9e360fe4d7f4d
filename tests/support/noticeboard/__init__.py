"""An app of another project, listed after all of ours: its notices are watched."""
