"""Pages that span the packages."""
