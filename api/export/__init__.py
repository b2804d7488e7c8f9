"""Files for spreadsheets. `cells` formats values for all of them."""
