INSERT INTO manager.access_review_decisions (
    review_id, number, decision, reason, effect, decided_by_id, decided_by, decided_at, action_id, effect_action_id
)
VALUES (
    :review_id, :number, :decision, :reason, :effect, CAST(:actor_id AS UUID), :actor, :at,
    CAST(:action_id AS UUID), CAST(:effect_action_id AS UUID)
);
