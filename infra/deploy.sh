#!/bin/sh
# Builds release zips and deploys template.yaml to the account of the current AWS credentials.
# Needs sam (aws-sam-cli), cargo-lambda and credentials. Parameters come from the environment; unset ones keep what the
# stack has, or the template's default the first time.
set -eu
cd "$(dirname "$0")/.."
stack="${1:-countersign}"

for tool in sam cargo-lambda; do
    command -v "$tool" >/dev/null || { echo "$tool is missing: pip install aws-sam-cli cargo-lambda" >&2; exit 1; }
done

overrides=""
parameter() { # name of the template's parameter, value
    if [ -n "$2" ]; then overrides="$overrides $1=$2"; fi
}
parameter Stage "${STAGE:-}"
parameter PublicUrl "${PUBLIC_URL:-}"
parameter MailIdentity "${MAIL_IDENTITY:-}"
parameter MailFrom "${MAIL_FROM:-}"
parameter OidcIssuer "${OIDC_ISSUER:-}"
parameter OidcAudience "${OIDC_AUDIENCE:-}"
parameter AlarmMail "${ALARM_MAIL:-}"
parameter LogRetentionDays "${LOG_RETENTION_DAYS:-}"

set -a # release.env's names go to cargo
. infra/release.env
set +a
sam build
# No quotes: each word of $overrides is one parameter, and none of these values holds a space.
# shellcheck disable=SC2086
sam deploy --stack-name "$stack" --resolve-s3 --capabilities CAPABILITY_IAM --no-fail-on-empty-changeset \
    ${overrides:+--parameter-overrides $overrides}
