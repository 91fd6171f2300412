"""Files as people have them: tables, SDF, workbooks, arrays and pictures, read row by row."""
