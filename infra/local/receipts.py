"""What SES reports of the mails it took: published a second later where the template's event destination says. The
emulator publishes nothing of v2 sends. Must not know the product's tags.

As with the mailbox simulator of AWS, bounce@, complaint@, suppressionlist@ and ooto@simulator.amazonses.com answer in their
way; every other mail is delivered. What is under way when the stack is killed is lost: the mail was sent all the same.
"""

import asyncio
import json
from datetime import datetime, timezone
from email.utils import parseaddr

from ministack.services import eventbridge, ses_v2

SIMULATOR = "simulator.amazonses.com"
DELAY_S = 1.0


def publish_later(activity, mail):
    """Orders the receipts of a mail that was just sent; `mail` is the emulator's record of it."""
    wanted = _wanted(mail.get("ConfigurationSetName"))
    receipts = [receipt for receipt in _receipts(mail) if receipt[1] in wanted]
    if receipts:
        asyncio.get_running_loop().create_task(_publish(activity, mail, receipts))


async def _publish(activity, mail, receipts):
    # The task has the context of the request: account and region are the sender's.
    with activity:
        await asyncio.sleep(DELAY_S)
        for detail_type, _, event_type, part, detail in receipts:
            event = {"eventType": event_type, "mail": _mail(mail), part: {"timestamp": _now(), **detail}}
            eventbridge._put_events({"Entries": [{
                "Source": "aws.ses", "DetailType": detail_type, "Detail": json.dumps(event),
            }]}, allow_aws_source=True)


def _wanted(configuration_set):
    """The kinds of event that destinations of the set want at the default bus."""
    record = ses_v2._config_sets.get(configuration_set) or {}
    kinds = set()
    for destination in (record.get("EventDestinations") or {}).values():
        if destination.get("Enabled") and destination.get("EventBridgeDestination"):
            kinds.update(destination.get("MatchingEventTypes") or [])
    return kinds


def _receipts(mail):
    """(detail type, kind as destinations name it, eventType, name of the part, the part) of each receipt."""
    recipients = mail.get("To", [])
    locals_ = {local for local, _, domain in (parseaddr(to)[1].partition("@") for to in recipients) if domain == SIMULATOR}
    given = {"recipients": recipients, "smtpResponse": "250 2.0.0 OK"}
    bounce = lambda kind, subtype: ("Email Bounced", "BOUNCE", "Bounce", "bounce", {
        "bounceType": kind, "bounceSubType": subtype, "bouncedRecipients": [{"emailAddress": to} for to in recipients]})
    delivery = ("Email Delivered", "DELIVERY", "Delivery", "delivery", given)
    if "bounce" in locals_:
        return [bounce("Permanent", "General")]
    if "suppressionlist" in locals_:
        return [bounce("Permanent", "OnAccountSuppressionList")]
    if "ooto" in locals_:
        return [delivery, bounce("Transient", "General")]
    if "complaint" in locals_:
        return [delivery, ("Email Complaint Received", "COMPLAINT", "Complaint", "complaint", {
            "complaintFeedbackType": "abuse", "complainedRecipients": [{"emailAddress": to} for to in recipients]})]
    return [delivery]


def _mail(mail):
    tags = {name: [value] for name, value in mail.get("Tags", {}).items()}
    tags["ses:configuration-set"] = [mail.get("ConfigurationSetName")]
    return {"timestamp": _now(), "messageId": mail["MessageId"], "source": mail["Source"],
            "destination": mail.get("To", []), "tags": tags}


def _now():
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")
