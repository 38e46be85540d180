"""From no judge to one that ran, in the browser: provider, playground, frozen version, run, comparison."""

from annotations.judges.simulated import serve_simulated
from tests.judges.running import work
from tests.judges.test_calibration_api import bring

J = "/p/helpdesk/judges"
FORM = {
    "judge": "careful",
    "questions": ["verdict"],
    "model": "stub|small",
    "prompt": "{{ input }} {{ output }}",
    "examples": "0",
    "samples": "1",
    "temperature": "0",
}
PROVIDER = {"name": "stub", "kind": "openai", "api_key": "sk-1", "model": "small, large", "input_usd": "1"}


def read(response, status=200):
    assert response.status_code == status, response.content[:3000]
    return " ".join(response.content.decode().split())


def test_a_provider_a_prompt_a_version_and_a_run(cast, project, api_of, browser_of, settings):
    page, vic = browser_of(cast.lea), browser_of(cast.vic)
    bring(api_of(cast.lea), {("pass", "pass"): 20, ("fail", "fail"): 20})
    assert "No provider yet" in read(page.get(f"{J}/playground"))
    for path in ("playground", "providers"):
        assert vic.get(f"{J}/{path}").status_code == 403
        assert browser_of(cast.stan).get(f"{J}/{path}").status_code == 404
    with serve_simulated() as simulation:
        settings.OUTBOUND_ALLOW = ["127.0.0.1"]
        assert "a model at least" in read(page.post(f"{J}/providers", {**PROVIDER, "model": ","}), 422)
        assert "1 or more" in read(page.post(f"{J}/providers", {**PROVIDER, "rpm": "0"}), 422)
        assert "in dollars" in read(page.post(f"{J}/providers", {**PROVIDER, "input_usd": "x"}), 422)
        text = read(page.post(f"{J}/providers", {**PROVIDER, "base_url": simulation.url}, follow=True))
        assert "stub is there" in text
        assert "sk-1" not in text
        assert "It replied" in read(page.post(f"{J}/test", {"provider": "stub"}, follow=True))
        assert "hold from now on" in read(page.post(f"{J}/budgets", {"total": "5", "day": ""}, follow=True))
        refused = read(page.post(f"{J}/budgets", {"total": "-5", "day": "7"}), 422)
        assert "in dollars" in refused
        assert 'value="-5"' in refused
        assert 'value="7"' in refused

        assert "no whole number" in read(page.post(f"{J}/playground", {**FORM, "samples": "x"}), 422)
        assert "From 0 to 20" in read(page.post(f"{J}/playground", {**FORM, "examples": "50"}), 422)
        assert "Tick a question" in read(page.post(f"{J}/playground", {**FORM, "questions": []}), 422)
        refused = read(page.post(f"{J}/playground", {**FORM, "prompt": "{{ nonsense", "what": "freeze"}), 422)
        assert "<code>prompt</code>" in refused
        tried = read(page.post(f"{J}/playground", {**FORM, "what": "try"}))
        assert "dev items</h2>" in tried
        assert "as people say" in tried
        more = {"fallback": ["", "stub|large"], "stronger": "stub|large", "unsure_from": "30", "person": "on"}
        assert "no number" in read(page.post(f"{J}/playground", {**FORM, **more, "unsure_to": "x"}), 422)
        frozen = read(page.post(f"{J}/playground", {**FORM, **more, "what": "freeze"}, follow=True))
        assert "Version 1 of careful is frozen" in frozen
        assert "<dt>With labels</dt><dd>40</dd>" in frozen
        again = read(page.get(f"{J}/playground?version=careful/1"))
        assert "{{ input }} {{ output }}" in again
        assert 'name="unsure_from" inputmode="decimal" value="30"' in again
        spec = api_of(cast.lea).get("/projects/helpdesk/judges/careful/versions/1")["spec"]
        large = {"provider": "stub", "model": "large"}
        assert spec["fallback"] == [large]
        assert spec["cascade"] == {
            "checks": [],
            "checks_answers": {},
            "stronger": large,
            "uncertain": [0.3, 0.8],
            "person": True,
        }
        report = read(page.get(f"{J}/careful/1"))
        assert "It has not run yet" in report
        assert "Asks stub: small, else stub: large; where that is unsure stub: large; then a person." in report

        run = {"version": "careful/1", "unit": "items"}
        said = read(page.post(f"{J}/estimate", {**run, "sample": "10"}))
        assert "<dt>Items</dt><dd>10</dd>" in said
        assert "Cost</dt><dd>$" in said
        few = {**run, "sample": "10", "unit": "percent", "where": '{"external_id": {"in": ["x", "none"]}}'}
        assert "No item is found" in read(page.post(f"{J}/estimate", few))
        assert "2 or more" in read(page.post(f"{J}/estimate", {**run, "sample": "1"}))
        assert "up to 100 %" in read(page.post(f"{J}/estimate", {**run, "sample": "x", "unit": "percent"}))
        refused = read(page.post(f"{J}/run", {**run, "what": "run", "where": "{", "budget_usd": "7"}), 422)
        assert "Not JSON" in refused
        assert 'value="7"' in refused
        assert "in dollars" in read(page.post(f"{J}/run", {**run, "what": "run", "budget_usd": "x"}), 422)
        for path in ("run", "estimate", "online"):
            assert vic.post(f"{J}/{path}", run).status_code == 403
            assert browser_of(cast.stan).post(f"{J}/{path}", run).status_code == 404
        where = '{"external_id": {"exists": true}}'
        assert "The run has begun" in read(page.post(f"{J}/run", {**run, "what": "run", "where": where}, follow=True))
        assert "data-poll=" in read(page.get(f"{J}/careful/1"))

        online = {"version": "careful/1", "rate": "25", "day_usd": "2", "online_where": '{"model": {"eq": "m"}}'}
        assert "up to 100 %" in read(page.post(f"{J}/online", {**online, "rate": "0"}), 422)
        text = read(page.post(f"{J}/online", online, follow=True))
        assert "Judges 25 % of the items that its filter finds, for at most $2 a day" in text
        form = read(page.get(f"{J}/run?version=careful/1"))
        assert 'name="rate" inputmode="decimal" autocomplete="off" value="25"' in form
        stopped = read(page.post(f"{J}/online", {**online, "rate": "", "what": "stop"}, follow=True))
        assert "Judged what came in until" in stopped
        number = api_of(cast.lea).get("/projects/helpdesk/judge-runs")["results"][0]["id"]
        assert "stopped" in read(page.post(f"{J}/change", {"run": number, "what": "stop"}, follow=True))
        page.post(f"{J}/change", {"run": number, "what": "resume"})
        assert page.post(f"{J}/change", {"run": "x"}).status_code == 404
        assert "attack suite runs" in read(page.post(f"{J}/run", {**run, "what": "attack"}, follow=True))
        work()
        runs = read(vic.get(f"{J}/runs?version=careful/1"))
        assert "data-poll-end" in runs
        assert "40 of 40" in runs
        assert "attempts fooled it" in read(page.get(f"{J}/careful/1"))
    compared = read(vic.get(f"{J}/compare?a=strict/1&b=careful/1"))
    assert "Of 40 items, strict 1 alone is right on" in compared
    assert "does not say which answers pass" in read(vic.get(f"{J}/compare?a=strict/1&b=careful/1&question=note"))
    assert "Compare two" in read(vic.get(J))
