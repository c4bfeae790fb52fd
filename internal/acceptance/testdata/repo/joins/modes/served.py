"""A join with everything: parts, a model over them, served, logged and compared."""

from ai.chronon.api.ttypes import EventSource, Source
from ai.chronon.join import DataType, Join, JoinPart
from ai.chronon.model import InferenceSpec, Model, ModelTransform, ModelTransforms
from ai.chronon.query import Query, select
from group_bys.modes import features

RISK = Model(
    name="risk",
    inference_spec=InferenceSpec("example", {"model": "risk"}),
    input_schema=[("amount", DataType.DOUBLE)],
    output_schema=[("score", DataType.DOUBLE)],
)

v1 = Join(
    left=Source(
        events=EventSource(
            table="raw.purchases_live",
            query=Query(selects=select("user_id"), start_partition="2024-01-01", time_column="ts"),
        )
    ),
    right_parts=[JoinPart(group_by=features.stream), JoinPart(group_by=features.snapshot, prefix="daily")],
    online=True,
    sample_percent=100.0,
    check_consistency=True,
    consistency_sample_percent=100.0,
    model_transforms=ModelTransforms(
        transforms=[ModelTransform(RISK, input_mappings={"amount": "modes_features_stream_amount_sum_1d"})]
    ),
    env={"model-transform-batch": {"EXECUTOR_MEMORY": "16G"}},
)
