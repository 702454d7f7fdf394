"""The directory pipeline: from the JSON files of a sync day to the live tables, by Spark and SQL, without Dagster.

file → `reader` → `records` (rules) → `snapshot` (accepted, attributes and memberships in the lake) → `staging` →
`apply` (live tables and flags) → `checks`.
"""
