"""The API's calls, one module per noun."""
