"""The record contract: the columns of accepted groups, accepted agents and memberships.

It gives the schema of the Parquet files, the columns that are staged and compared in Postgres, the column schemas in
the UI, and a pandera schema. It does not filter rows: `records` accepts or rejects them, and pandera validates the
accepted ones. pandera and Spark are imported only when needed.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    import pandera.pyspark as pa
    import pyspark.sql.types as T  # noqa: N812 - the conventional name
    from pyspark.sql import DataFrame

HAS_TEXT: Final = r"(?s).*\S.*"


@dataclass(frozen=True)
class Column:
    """spark_type: Spark's simple name. pattern: regular expression that string values match in full."""

    name: str
    spark_type: str
    description: str
    is_nullable: bool = True
    pattern: str | None = None


@dataclass(frozen=True)
class Contract:
    """The columns of one kind of rows, and their constraints."""

    name: str
    columns: tuple[Column, ...]

    @property
    def stored(self) -> tuple[Column, ...]:
        """The columns that the table in Postgres has; a list of members becomes rows of another table."""
        return tuple(column for column in self.columns if not column.spark_type.startswith("array"))


AcceptedGroup: Final = Contract(  # one per group_id
    "AcceptedGroup",
    (
        Column("group_id", "bigint", "Upstream's id.", is_nullable=False),
        Column("name", "string", "The name, which is not blank.", is_nullable=False, pattern=HAS_TEXT),
        Column("parent_group_id", "bigint", "The group above, as upstream says; it may be missing."),
        Column("created_at", "timestamp", "When upstream made it, in UTC."),
        Column("updated_at", "timestamp", "When upstream last changed it, in UTC."),
        Column("agent_ids", "array<bigint>", "The members, each once; null if the record says nothing of them."),
    ),
)

AcceptedAgent: Final = Contract(  # one per agent_id and folder
    "AcceptedAgent",
    (
        Column("agent_id", "bigint", "Upstream's id.", is_nullable=False),
        Column("email", "string", "The e-mail address: contact.email, or email."),
        Column("name", "string", "The name: contact.name, or name, or first_name and last_name."),
        Column("active", "boolean", "What the record says, null if unreadable; the roster alone decides."),
        Column("created_at", "timestamp", "When upstream made it, in UTC."),
        Column("updated_at", "timestamp", "When upstream last changed it, in UTC."),
    ),
)

Membership: Final = Contract(  # one member of one accepted group, as the snapshot says
    "Membership",
    (
        Column("group_id", "bigint", "An accepted group.", is_nullable=False),
        Column("agent_id", "bigint", "A member; the agent may be unknown.", is_nullable=False),
    ),
)


def fields_of(contract: Contract) -> list[T.StructField]:
    """Return the columns as Spark fields, nullable since a rejected record lacks the values that could not be read."""
    import pyspark.sql.types as T  # noqa: N812, PLC0415

    return [T.StructField(column.name, _type_of(column)) for column in contract.columns]


def _type_of(column: Column) -> T.DataType:
    import pyspark.sql.types as T  # noqa: N812, PLC0415

    known: tuple[T.DataType, ...] = (
        T.LongType(), T.StringType(), T.BooleanType(), T.TimestampType(), T.ArrayType(T.LongType()),
    )  # fmt: skip
    # Spark's own parser of these names needs a session.
    return next(spark_type for spark_type in known if spark_type.simpleString() == column.spark_type)


def find_contract_errors(contract: Contract, accepted: DataFrame) -> list[str]:
    """Validate `accepted` with pandera; return a sentence per violation."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pandera's warnings about optional back ends
        schema = _pandera_schema(contract)
        rows = accepted.select(*(column.name for column in contract.columns))
        validated: Any = schema.validate(cast(Any, rows))
    errors = validated.pandera.errors
    return [
        f"{failure.get('column')}: {failure.get('error')}"
        for group in errors.values()
        for failures in group.values()
        for failure in failures
    ]


def _pandera_schema(contract: Contract) -> pa.DataFrameSchema:
    import pandera.pyspark as pa  # noqa: PLC0415 - takes more than a second, also imports pandas

    return pa.DataFrameSchema(
        {
            column.name: pa.Column(
                cast(Any, _type_of(column)),
                checks=pa.Check.str_matches(column.pattern) if column.pattern else None,
                nullable=column.is_nullable,
                description=column.description,
            )
            for column in contract.columns
        },
        name=contract.name,
    )
