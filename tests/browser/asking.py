"""Tasks for the browser suite: starts an instance for a new recipient and answers the link of the mail. Asserts nothing."""

import itertools

from processes import ask
from product import DEMO, link_of

NUMBERS = itertools.count(1)
ORDER = {"number": "PO-77", "item": "Mooring rope, 220 m", "quantity": 1200, "unitPriceCents": 45050, "currency": "EUR",
         "delivery": "2026-12-11"}


class Asked:
    def __init__(self, product, instance, task, mail):
        self.product, self.instance_key, self.task_key, self.mail = product, instance, task, mail
        self.link = link_of(mail)

    @property
    def task(self):
        return self.product.task(self.task_key)

    @property
    def instance(self):
        return self.product.instance(self.instance_key)


def question(product, process_id="Question", boundary=None, reference=None, variables=None, **properties):
    """A task with the built-in page, unless `properties` bring another: see `processes.ask`."""
    properties = {"Description": "{{ question }}", "RecipientName": "context.name", **properties}
    status, body = product.deploy(ask(process_id, boundary, name="Confirm the delivery window", **properties))
    if status not in (200, 201):
        raise ValueError(body)
    variables = {"question": "Can your crew be at berth 7 on Monday at seven?", "name": "Marta Lind", **(variables or {})}
    return _asked(product, process_id, reference or "PO-77", lambda address: {**variables, "recipient": address})


def order(product, language="en", name="Marta Lind"):
    """The demo's supplier approval, with its own pages."""
    product.deploy((DEMO / "supplier-approval.bpmn").read_bytes())
    return _asked(product, "SupplierApproval", ORDER["number"], lambda address: {
        "order": ORDER, "supplier": {"name": name, "email": address, "language": language}})


def _asked(product, process_id, reference, variables):
    address = f"browser{next(NUMBERS)}@supplier.example"
    instance, task = product.started(process_id, variables(address), reference=reference)
    return Asked(product, instance, task, product.mails(address, 1)[0])
