"""Arrays of any library, blocks of rows, products with CSR arrays, and threads."""
