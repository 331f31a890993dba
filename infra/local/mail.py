"""The mail of the local stack: what was sent, and failures on request. Must not send anything anywhere.

Recipients at FAULT_DOMAIN make SES answer as it would in trouble, so a test needs no other switch:
`throttle@` is refused with TooManyRequestsException, `reject@` with MessageRejected, `paused@` with
SendingPausedException. A test may also order the next sendings to fail, whoever they are for (`fail_next`).
"""

import json
import pathlib
import threading
from datetime import datetime, timezone
from email.header import decode_header, make_header
from email.utils import parseaddr

import receipts
from ministack.services import ses, ses_v2

FAULT_DOMAIN = "simulator.countersign.test"
FAULTS = {
    "throttle": (429, "TooManyRequestsException", "Maximum sending rate exceeded."),
    "reject": (400, "MessageRejected", "Email address is on the suppression list."),
    "paused": (400, "SendingPausedException", "Sending is paused for this account."),
    "error": (500, "InternalServiceErrorException", "Internal failure."),
}
PAGE = pathlib.Path(__file__).with_name("inbox.html")


class Mailbox:
    """Wraps SendEmail of SES v2."""

    def __init__(self, activity):
        self._activity = activity
        self._lock = threading.Lock()
        self._ordered = []

    def install(self):
        send = ses_v2.handle_request

        async def handle(method, path, headers, body, query_params):
            if method != "POST" or not path.rstrip("/").endswith("/outbound-emails"):
                return await send(method, path, headers, body, query_params)
            request = json.loads(body or b"{}")
            fault = self._fault(request)
            if fault:
                status, code, message = fault
                answer = {"message": message}
                return status, {"Content-Type": "application/json", "x-amzn-errortype": code}, json.dumps(answer).encode()
            answer = await send(method, path, headers, body, query_params)
            if answer[0] == 200:
                receipts.publish_later(self._activity, _complete(request))
            return answer

        ses_v2.handle_request = handle

    def fail_next(self, kind, count):
        """Lets the next `count` sendings fail like `kind`, a key of FAULTS."""
        with self._lock:
            self._ordered = [kind] * count

    def _fault(self, request):
        with self._lock:
            if self._ordered:
                return FAULTS[self._ordered.pop()]
        for address in request.get("Destination", {}).get("ToAddresses", []):
            local, _, domain = parseaddr(address)[1].partition("@")
            if domain == FAULT_DOMAIN and local in FAULTS:
                return FAULTS[local]
        return None


def _complete(request):
    # The emulator keeps neither tags nor headers; tests and the later receipts need them.
    mail = ses._sent_emails_list()[-1]
    simple = request.get("Content", {}).get("Simple", {})
    mail["Tags"] = {tag["Name"]: tag["Value"] for tag in request.get("EmailTags") or []}
    mail["Headers"] = {header["Name"]: header["Value"] for header in simple.get("Headers") or []}
    mail["ReplyTo"] = request.get("ReplyToAddresses") or []
    mail["ConfigurationSetName"] = request.get("ConfigurationSetName")
    return mail


def listed():
    """Every mail sent, newest first, as /inbox.json answers it."""
    sent = [mail for key, mails in list(ses._sent_emails._data.items()) if key[-1] == "entries" for mail in mails]
    sent.sort(key=lambda mail: mail["Timestamp"], reverse=True)
    return [
        {
            "id": mail["MessageId"],
            "at": datetime.fromtimestamp(mail["Timestamp"], timezone.utc).isoformat(timespec="milliseconds").replace(
                "+00:00", "Z"),
            "from": readable(mail["Source"]),
            "to": mail.get("To", []),
            "replyTo": mail.get("ReplyTo", []),
            "subject": mail.get("Subject", ""),
            "text": mail.get("BodyText") or "",
            "html": mail.get("BodyHtml") or "",
            "headers": mail.get("Headers", {}),
            "tags": mail.get("Tags", {}),
        }
        for mail in sent
    ]


def readable(header):
    """A header with its encoded words (RFC 2047) as text."""
    return str(make_header(decode_header(header)))
