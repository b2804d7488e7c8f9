"""How senders sign. A source names one scheme with its parameters; each verifies one request.

No scheme accepts a request that it could not verify. Comparisons take constant time.
"""

from typing import Annotated

from pydantic import Field

from intake.signatures.bearer import Bearer
from intake.signatures.certificate import Certificate
from intake.signatures.fields import SignedField, SignedFields
from intake.signatures.hmac_body import HmacBody
from intake.signatures.scheme import Credentials, SignatureError
from intake.signatures.sorted_query import SortedQuery
from intake.signatures.timestamped import StandardWebhooks, Stripe

Signature = Annotated[
    Bearer | HmacBody | Stripe | StandardWebhooks | SortedQuery | SignedFields | SignedField | Certificate,
    Field(discriminator="scheme"),
]
