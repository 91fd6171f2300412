"""What a browser shows: the report, the training page, and the pieces that the workbench shares."""
