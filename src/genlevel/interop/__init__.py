"""Other people's files: result workbooks and tables of scores."""
