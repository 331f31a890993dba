"""template.yaml agrees with the repository: folders, binaries, variables, limits that code repeats."""

import pathlib
import re

import deploy
import package

ROOT = pathlib.Path(__file__).resolve().parents[4]


def template():
    return deploy.yaml_parse(deploy.TEMPLATE.read_text())


def functions():
    return {name: resource for name, resource in template()["Resources"].items()
            if resource["Type"] == "AWS::Serverless::Function"}


def pascal(name):
    return "".join(part.capitalize() for part in name.split("-"))


def test_every_folder_of_functions_is_deployed_under_its_name_and_built_by_cargo_lambda():
    folders = sorted(folder.name for folder in (ROOT / "functions").iterdir() if (folder / "Cargo.toml").exists())
    assert folders == sorted(package.FUNCTIONS)
    declared = functions()
    assert sorted(declared) == sorted(pascal(name) for name in folders)
    for name in folders:
        assert declared[pascal(name)]["Metadata"] == {"BuildMethod": "rust-cargolambda",
                                                      "BuildProperties": {"Binary": name}}


def test_every_function_has_a_role_and_a_log_group_of_its_own():
    resources = template()["Resources"]
    for name, function in functions().items():
        assert function["Properties"]["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
        assert function["Properties"]["LoggingConfig"]["LogGroup"] == {"Ref": f"{name}LogGroup"}
        assert resources[f"{name}LogGroup"]["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_no_role_may_do_everything_of_a_service_or_to_everything():
    for name, resource in template()["Resources"].items():
        if resource["Type"] != "AWS::IAM::Role":
            continue
        for policy in resource["Properties"]["Policies"]:
            for statement in policy["PolicyDocument"]["Statement"]:
                # A statement under a condition of the template is the second part of its Fn::If.
                statement = statement["Fn::If"][1] if "Fn::If" in statement else statement
                actions, targets = statement["Action"], statement["Resource"]
                actions = [actions] if isinstance(actions, str) else actions
                assert not any("*" in action for action in actions), name
                if set(actions) != {"ses:GetAccount"}:  # AWS gives it no resource
                    assert targets != "*" and "*" not in targets, name


def test_only_outbox_may_touch_the_outside():
    outside = ("ses:", "scheduler:")
    for name, resource in template()["Resources"].items():
        if resource["Type"] == "AWS::IAM::Role" and name not in ("OutboxRole", "SchedulerRole"):
            assert not any(word in str(resource) for word in (*outside, "EffectsQueue")), name


def test_the_outbox_gives_up_when_the_queue_does():
    # The code records a notification as failed at the receive after which the queue moves the message away.
    source = (ROOT / "functions/outbox/src/handler.rs").read_text()
    said = int(re.search(r"RECEIVES_MAX: u32 = (\d+)", source)[1])
    assert template()["Resources"]["EffectsQueue"]["Properties"]["RedrivePolicy"]["maxReceiveCount"] == said


def test_a_queue_hides_a_message_for_six_times_the_timeout_of_its_function():
    resources = template()["Resources"]
    default = template()["Globals"]["Function"]["Timeout"]
    for function in functions().values():
        for event in function["Properties"].get("Events", {}).values():
            if event["Type"] == "SQS":
                queue = resources[event["Properties"]["Queue"]["Fn::GetAtt"][0]]
                timeout = function["Properties"].get("Timeout", default)
                assert queue["Properties"]["VisibilityTimeout"] == 6 * timeout


def test_cloudformation_takes_the_template():
    # Beyond 51,200 bytes it comes from a bucket, where `sam deploy --resolve-s3` puts it.
    assert len(deploy.TEMPLATE.read_bytes()) < 1_000_000


def test_no_access_log_of_an_api_holds_a_path():
    # The path of a public page is its link.
    for resource in template()["Resources"].values():
        if resource["Type"] == "AWS::ApiGatewayV2::Stage":
            assert "path" not in resource["Properties"]["AccessLogSettings"]["Format"].lower()


def test_every_variable_that_a_function_reads_is_set_by_the_template():
    # Each function's main.rs names the configuration structs it reads.
    structs = {}
    for path in (ROOT / "shared/app/src/config.rs", ROOT / "shared/effects/src/config.rs",
                 *ROOT.glob("functions/*/src/config.rs")):
        for name, body in re.findall(r"impl (\w+Config) \{(.*?)\n\}", path.read_text(), re.S):
            structs[name] = set(re.findall(r'(?:required|optional)\("(\w+)"\)', body))
    assert structs
    for name in package.FUNCTIONS:
        source = "".join(path.read_text() for path in (ROOT / "functions" / name / "src").rglob("*.rs"))
        read = set().union(*(variables for struct, variables in structs.items() if f"{struct}::from_env" in source))
        properties = functions()[pascal(name)]["Properties"]
        given = set(properties.get("Environment", {}).get("Variables", {}))
        if name != "api":
            read -= {"OIDC_AUDIENCE", "OIDC_JWKS"}  # in the shared struct, but only the API has callers
        if name not in ("api", "console"):
            read -= {"OIDC_ISSUER"}  # the console signs people in
        assert given == read, name
