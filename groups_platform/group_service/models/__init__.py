"""The tables of the schema `manager` as SQLAlchemy rows, and the enumerations in them.

`sql/migrations` creates the tables and owns their defaults and constraints; nothing is created from
here. Rows stay inside the repositories.
"""
