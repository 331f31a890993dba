"""Deploys template.yaml and the functions' zips into the local AWS. Must not know another template than the product's."""

import base64
import hashlib
import json
import pathlib
import time

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError
from samtranslator.yaml_helper import yaml_parse

ROOT = pathlib.Path(__file__).resolve().parents[2]
TEMPLATE = ROOT / "template.yaml"
BUCKET = "local-deployment"
REGION = "us-east-1"
CREDENTIALS = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "region_name": REGION}
STACK_EVENTS_SHOWN = 5
CONTENT = "LocalContent"
DONE = ("CREATE_COMPLETE", "UPDATE_COMPLETE")


def client(service, endpoint):
    """A client of the emulator as its root user."""
    return boto3.client(service, endpoint_url=endpoint, config=Config(retries={"max_attempts": 2}), **CREDENTIALS)


def deploy(endpoint, stack, zips, parameters):
    """Creates or updates the stack; answers its outputs as a dict."""
    template = yaml_parse(TEMPLATE.read_text())
    _point_to_zips(template, zips)
    wanted = _without_build_metadata(template)
    cloudformation = client("cloudformation", endpoint)
    # A stack that is already as wanted is left alone: most restarts change nothing. What it was made of is an output and
    # no tag of the stack: tags reach every resource, and a queue that is touched on another port loses its messages.
    content = hashlib.sha256(json.dumps([wanted, parameters]).encode()).hexdigest()
    wanted["Outputs"][CONTENT] = {"Value": content}
    body = json.dumps(wanted, separators=(",", ":"))
    deployed = _described(cloudformation, stack)
    if deployed and deployed["StackStatus"] in DONE and _outputs(deployed).get(CONTENT) == content:
        return _outputs(deployed)
    _upload(endpoint, zips.values())
    request = {
        "StackName": stack,
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        "Parameters": [{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        **_body(endpoint, body),
    }
    if deployed:
        _update(cloudformation, request)
    else:
        cloudformation.create_stack(**request)
    outputs = _outputs(_finished(cloudformation, stack))
    _forget(endpoint)
    return outputs


def _described(cloudformation, stack):
    try:
        return cloudformation.describe_stacks(StackName=stack)["Stacks"][0]
    except ClientError as error:
        if "does not exist" in str(error):
            return None
        raise


def _update(cloudformation, request):
    try:
        cloudformation.update_stack(**request)
    except ClientError as error:
        if "No updates are to be performed" not in str(error):
            raise


def _point_to_zips(template, zips):
    for resource in template["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            archive = zips[resource["Metadata"]["BuildProperties"]["Binary"]]
            resource["Properties"]["CodeUri"] = f"s3://{BUCKET}/{archive.name}"


def _upload(endpoint, archives):
    s3 = client("s3", endpoint)
    s3.create_bucket(Bucket=BUCKET)
    known = {function["CodeSha256"] for page in client("lambda", endpoint).get_paginator("list_functions").paginate()
             for function in page["Functions"]}
    for archive in archives:
        content = archive.read_bytes()
        # A function whose code is the same is not read again by CloudFormation.
        if base64.b64encode(hashlib.sha256(content).digest()).decode() not in known:
            s3.put_object(Bucket=BUCKET, Key=archive.name, Body=content)


def _forget(endpoint):
    # The functions hold their code; a second copy would double the emulator's memory.
    s3 = client("s3", endpoint)
    for entry in s3.list_objects_v2(Bucket=BUCKET).get("Contents", []):
        s3.delete_object(Bucket=BUCKET, Key=entry["Key"])


def _without_build_metadata(template):
    for resource in template["Resources"].values():
        resource.pop("Metadata", None)
    return template


def _body(endpoint, body):
    # CloudFormation takes 51,200 bytes in the request, here as on AWS.
    if len(body) <= 51_200:
        return {"TemplateBody": body}
    client("s3", endpoint).put_object(Bucket=BUCKET, Key="template.json", Body=body.encode())
    return {"TemplateURL": f"{endpoint}/{BUCKET}/template.json"}


def _finished(cloudformation, stack):
    described = _described(cloudformation, stack)
    while described["StackStatus"].endswith("IN_PROGRESS"):
        time.sleep(0.1)
        described = _described(cloudformation, stack)
    if described["StackStatus"] not in DONE:
        events = cloudformation.describe_stack_events(StackName=stack)["StackEvents"]
        failed = [event for event in events if event["ResourceStatus"].endswith("FAILED")][:STACK_EVENTS_SHOWN]
        reasons = "\n".join(f"  {event['LogicalResourceId']}: {event.get('ResourceStatusReason')}" for event in failed)
        raise SystemExit(f"Stack {stack} is {described['StackStatus']}.\n{reasons}")
    return described


def _outputs(described):
    return {output["OutputKey"]: output["OutputValue"] for output in described.get("Outputs", [])}


def verify_sender(endpoint, identity):
    """SES refuses mail of an identity that is not verified; the emulator verifies at once."""
    ses = client("sesv2", endpoint)
    try:
        ses.create_email_identity(EmailIdentity=identity)
    except ClientError as error:
        if error.response["Error"]["Code"] not in ("AlreadyExistsException", "BadRequestException"):
            raise


def variables(endpoint, function):
    """The environment variables of a deployed function."""
    return client("lambda", endpoint).get_function_configuration(FunctionName=function)["Environment"]["Variables"]
