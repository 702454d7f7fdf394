INSERT INTO manager.access_review_ends (review_id, digest, finished_by_id, finished_by, finished_at)
VALUES (:review_id, :digest, CAST(:actor_id AS UUID), :actor, :at);
