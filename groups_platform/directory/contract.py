"""The record contract, held once by pandera: what an accepted group and an accepted agent are.

The same models give the schema of the Parquet files, the column schema in the UI and the check of what was accepted.
They are not the row filter: `records` decides, and names every fault; this proves that it decided right.
"""

import warnings
from typing import TYPE_CHECKING, Any, cast

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pandera asks for its own telemetry of optional back ends
    import pandera.pyspark as pa

import pyspark.sql.types as T  # noqa: N812 - the name that everybody uses
from pyspark.sql import DataFrame

# Columns are annotated with instances, which Python 3.10 refuses in postponed annotations: none are postponed here.
if TYPE_CHECKING:
    Model = pa.DataFrameModel[Any]
else:
    Model = pa.DataFrameModel  # not subscriptable at run time


class AcceptedGroup(Model):
    """A group record that counts: one per group_id."""

    group_id: T.LongType() = pa.Field(nullable=False, description="Upstream's id")  # type: ignore[valid-type]
    name: T.StringType() = pa.Field(  # type: ignore[valid-type]
        nullable=False, str_matches=r"(?s).*\S.*", description="Not blank"
    )
    parent_group_id: T.LongType() = pa.Field(  # type: ignore[valid-type]
        nullable=True, description="What upstream says; the parent may be missing"
    )
    created_at: T.TimestampType() = pa.Field(nullable=True, description="UTC")  # type: ignore[valid-type]
    updated_at: T.TimestampType() = pa.Field(nullable=True, description="UTC")  # type: ignore[valid-type]
    agent_ids: T.ArrayType(T.LongType()) = pa.Field(  # type: ignore[valid-type]
        nullable=True, description="Members, each once; elements that are no ids are findings"
    )


class AcceptedAgent(Model):
    """An agent record that counts: one per agent_id and folder."""

    agent_id: T.LongType() = pa.Field(nullable=False, description="Upstream's id")  # type: ignore[valid-type]
    email: T.StringType() = pa.Field(nullable=True, description="contact.email")  # type: ignore[valid-type]
    name: T.StringType() = pa.Field(nullable=True, description="contact.name")  # type: ignore[valid-type]
    active: T.BooleanType() = pa.Field(  # type: ignore[valid-type]
        nullable=False, description="What the record says; the roster alone decides"
    )
    created_at: T.TimestampType() = pa.Field(nullable=True, description="UTC")  # type: ignore[valid-type]
    updated_at: T.TimestampType() = pa.Field(nullable=True, description="UTC")  # type: ignore[valid-type]


class Membership(Model):
    """One member of one accepted group, as the snapshot says."""

    group_id: T.LongType() = pa.Field(nullable=False, description="An accepted group")  # type: ignore[valid-type]
    agent_id: T.LongType() = pa.Field(  # type: ignore[valid-type]
        nullable=False, description="A member; the agent may be unknown"
    )


Contract = type[Model]


def columns_of(contract: Contract) -> list[tuple[str, str, bool, str]]:
    """Name, Spark type, nullable and description of each column."""
    return [
        (name, column.dtype.type.simpleString(), column.nullable, column.description or "")
        for name, column in contract.to_schema().columns.items()
    ]


def fields_of(contract: Contract) -> list[T.StructField]:
    """The columns as nullable Spark fields: a rejected record has a value only where it could be read."""
    return [T.StructField(field.name, field.dataType) for field in contract.to_structtype().fields]


def find_contract_errors(contract: Contract, accepted: DataFrame) -> list[str]:
    """Sentences on how `accepted` breaks the contract; empty when it holds."""
    columns = [name for name, *_ in columns_of(contract)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        validated: Any = contract.validate(cast(Any, accepted.select(*columns)))
    errors = validated.pandera.errors
    return [
        f"{failure.get('column')}: {failure.get('error')}"
        for group in errors.values()
        for failures in group.values()
        for failure in failures
    ]
