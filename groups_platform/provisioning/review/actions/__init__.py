"""The actions of access reviews, one file each."""
