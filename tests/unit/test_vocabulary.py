"""The add-on's sliders against the backend's vocabulary."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

from dreamface.cli import main
from dreamface.hair import REGIONS
from dreamface.service import model_tasks, schemas, tasks
from dreamface.traits import VOCABULARY, Kind
from dreamface_addon import history, job, vocabulary


def test_sliders_are_made_from_the_backends_own_vocabulary(capsys):
    assert main(["traits", "--json"]) == 0
    shipped = json.loads((Path(vocabulary.__file__).parent / "traits.json").read_text("utf-8"))
    assert json.loads(capsys.readouterr().out) == shipped, "run: dreamface traits --json > dreamface_addon/traits.json"
    assert main(["layers", "--json"]) == 0
    shipped = json.loads((Path(vocabulary.__file__).parent / "layers.json").read_text("utf-8"))
    assert json.loads(capsys.readouterr().out) == shipped, "run: dreamface layers --json > dreamface_addon/layers.json"


def test_the_add_on_knows_the_backends_kinds_of_jobs():
    assert tuple(schemas.JOB_KINDS) == get_args(schemas.Kind) == job.KINDS
    about_models = {kind for kind, row in schemas.JOB_KINDS.items() if row.result is schemas.ModelResult}
    assert set(job.MODEL_JOBS) == about_models


def test_every_kind_of_job_is_asked_for_and_done():
    asked = {get_args(one.model_fields["kind"].annotation)[0]: one for one in get_args(get_args(schemas.NewJob)[0])}
    assert {kind: one.model_fields["request"].annotation for kind, one in asked.items()} == {
        kind: row.request for kind, row in schemas.JOB_KINDS.items()
    }
    for worker, done in (("faces", tasks.JOBS), ("models", model_tasks.JOBS)):
        assert set(done) == {kind for kind, about in schemas.JOB_KINDS.items() if about.worker == worker}


def test_every_slider_has_a_label_of_its_own_under_its_heading():
    for family, traits in vocabulary.FAMILIES.items():
        assert len({trait.label for trait in traits}) == len(traits), family
    assert vocabulary.TRAITS["nose.bridge_width"].label == "Bridge Width"
    assert vocabulary.TRAITS["freckles.density"].label == "Freckles"


def test_expressions_have_no_slider_they_are_shape_keys():
    assert not [name for name in vocabulary.TRAITS if name.startswith("expression.")]


def test_the_newest_prompt_is_on_top_and_only_once(tmp_path):
    file = tmp_path / "made when needed" / "prompts.json"
    for prompt in ("a", "b", "a", "c"):
        history.add(file, prompt)
    assert history.read(file) == ["c", "a", "b"]
    for number in range(30):
        history.add(file, str(number))
    assert len(history.read(file)) == history.LENGTH


def test_a_damaged_history_is_an_empty_one(tmp_path):
    file = tmp_path / "prompts.json"
    file.write_text("{")
    assert history.read(file) == []
    file.write_text('{"a": 1}')
    assert history.read(file) == []
    history.add(file, "a man")
    assert history.read(file) == ["a man"]


def test_the_regions_of_hair_are_the_same_on_both_sides() -> None:
    assert get_args(schemas.Region) == REGIONS


def test_every_open_trait_is_of_a_style() -> None:
    assert {"hair.style", "beard.style"} <= {trait.name for trait in VOCABULARY.values() if trait.open}
    assert all(
        trait.kind is Kind.CHOICE and trait.name.endswith(".style") for trait in VOCABULARY.values() if trait.open
    )


def test_the_edit_page_knows_places_and_words():
    from dreamface.edits import REGIONS as PLACES

    known = {name: place.label for name, place in PLACES.items()}
    assert known == vocabulary.REGIONS, "run: dreamface edits --json > dreamface_addon/edits.json"
    assert all(words for _, words in vocabulary.EDIT_WORDS)
