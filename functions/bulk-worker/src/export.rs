//! The steps of an export: reads pieces, writes the file. Each step is recorded together with the order of the next one,
//! so a step that comes twice, or dies anywhere, leaves the file as one that came once.
//!
//! S3 takes parts of 5 MB or more. What a step cannot fill a part with lies beside the file until the next step.

use app::bulk_runs::message::{Message, Step};
use app::bulk_runs::worker::Time;
use app::exports::{self, file_name, rest_name};
use app::{App, Error};
use aws_sdk_s3::Client;
use aws_sdk_s3::error::DisplayErrorContext;
use aws_sdk_s3::types::{CompletedMultipartUpload, CompletedPart};
use domain::ids::{RunKey, TenantId};
use domain::time::Timestamp;
use serde_json::{Value, json};
use std::sync::LazyLock;
use store::{Export, ExportFormat};

/// Bytes of a part at least, as S3 demands of all but the last.
const PART_BYTES_MIN: usize = 5 * 1024 * 1024;
/// Parts of a file at most, as S3 says: far more than 100,000 tasks fill.
const PARTS_MAX: usize = 10_000;

/// Where files are kept. The client is made at the first export: most invocations are about runs, and starts are counted.
pub struct Bucket {
    pub client: LazyLock<Client, Box<dyn FnOnce() -> Client + Send>>,
    pub name: String,
}

/// Why a step could not be done. The message comes again.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    #[error(transparent)]
    App(#[from] Error),
    #[error("S3: {0}")]
    Bucket(String),
}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Failure {
        Failure::App(error.into())
    }
}

/// The records of a batch, those of exports apart: their groups are their own, so the order of each group stays.
pub fn split(event: &Value) -> (Vec<(Value, Message, u32)>, Value) {
    let records = event.get("Records").and_then(Value::as_array).cloned().unwrap_or_default();
    let (mut exports, mut runs) = (Vec::new(), Vec::new());
    for record in records {
        let body = record.get("body").and_then(Value::as_str).unwrap_or_default();
        match serde_json::from_str::<Message>(body) {
            Ok(message) => match message.step {
                Step::Export(step) => exports.push((record, message, step)),
                Step::Prepare(_) | Step::Task(_) | Step::Look(_) => runs.push(record),
            },
            Err(_) => runs.push(record),
        }
    }
    (exports, json!({ "Records": runs }))
}

/// Does the steps of a batch; adds those that failed to the batch's answer.
pub async fn handle(
    app: &App,
    bucket: &Bucket,
    time: &impl Time,
    until: Timestamp,
    (messages, mut answer): (Vec<(Value, Message, u32)>, Value),
) -> Value {
    for (record, message, asked) in messages {
        let done = step(app, bucket, (message.tenant, message.run), asked, time, until).await;
        if let Err(error) = done {
            tracing::warn!(export.id = %message.run, step = asked, %error, "a step of an export comes again");
            if let Some(failures) = answer.get_mut("batchItemFailures").and_then(Value::as_array_mut) {
                failures.push(json!({ "itemIdentifier": record.get("messageId") }));
            }
        }
    }
    answer
}

/// Does the step `asked` of an export, until `until` at most.
async fn step(
    app: &App,
    bucket: &Bucket,
    (tenant, key): (TenantId, RunKey),
    asked: u32,
    time: &impl Time,
    until: Timestamp,
) -> Result<(), Failure> {
    let Some(before) = app.store.export(tenant, key).await? else { return Ok(()) };
    if before.ended_at.is_some() || before.steps + 1 != asked {
        return Ok(());
    }
    let mut after = before.clone();
    let mut buffer = bucket.rest(&before).await?;
    loop {
        let first = after.entries == 0;
        let position = after.position.take();
        let piece = exports::piece(app, &after, position, first, time.now()).await?;
        buffer.extend(piece.bytes);
        (after.tasks, after.entries) = (after.tasks + piece.tasks, after.entries + piece.entries);
        after.position = piece.next;
        if after.position.is_none() || buffer.len() >= PART_BYTES_MIN || time.now() >= until {
            break;
        }
    }
    after.steps = asked;
    let complete = after.position.is_none() || after.parts.len() + 1 >= PARTS_MAX;
    if complete {
        buffer.extend(exports::end(after.format));
        bucket.finish(&mut after, buffer).await?;
        after.ended_at = Some(time.now());
    } else if buffer.len() >= PART_BYTES_MIN {
        bucket.add_part(&mut after, buffer).await?;
        after.rest = false;
    } else {
        bucket.put(&rest_name(&after, asked), buffer, "application/octet-stream").await?;
        after.rest = true;
    }
    match app.store.save_export(&before, after, time.now()).await {
        // Another receive of the same message was first.
        Ok(()) | Err(store::Error::Conflict) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

impl Bucket {
    /// What the step before left, or the beginning of the file.
    async fn rest(&self, export: &Export) -> Result<Vec<u8>, Failure> {
        if export.steps == 0 {
            return Ok(exports::begin(export.format));
        }
        if !export.rest {
            return Ok(Vec::new());
        }
        let name = rest_name(export, export.steps);
        let request = self.client.get_object().bucket(&self.name).key(name);
        let answer = request.send().await.map_err(|error| failed(DisplayErrorContext(error)))?;
        let bytes = answer.body.collect().await.map_err(|error| Failure::Bucket(error.to_string()))?;
        Ok(bytes.to_vec())
    }

    async fn put(&self, name: &str, bytes: Vec<u8>, content_type: &str) -> Result<(), Failure> {
        let request = self.client.put_object().bucket(&self.name).key(name).content_type(content_type);
        let sent = request.body(bytes.into()).send().await;
        sent.map(|_| ()).map_err(|error| failed(DisplayErrorContext(error)))
    }

    async fn add_part(&self, export: &mut Export, bytes: Vec<u8>) -> Result<(), Failure> {
        let name = file_name(export);
        let upload = match &export.upload {
            Some(upload) => upload.clone(),
            None => {
                let request = self.client.create_multipart_upload().bucket(&self.name).key(&name);
                let begun = request.content_type(content_type(export.format)).send().await;
                let begun = begun.map_err(|error| failed(DisplayErrorContext(error)))?;
                begun.upload_id.ok_or_else(|| Failure::Bucket("an upload without a name".to_owned()))?
            }
        };
        let number = part_number(export.parts.len());
        let request = self.client.upload_part().bucket(&self.name).key(&name).upload_id(&upload).part_number(number);
        let sent = request.body(bytes.into()).send().await.map_err(|error| failed(DisplayErrorContext(error)))?;
        export.parts.push(sent.e_tag.ok_or_else(|| Failure::Bucket("a part without a tag".to_owned()))?);
        export.upload = Some(upload);
        Ok(())
    }

    async fn finish(&self, export: &mut Export, bytes: Vec<u8>) -> Result<(), Failure> {
        if export.upload.is_none() {
            return self.put(&file_name(export), bytes, content_type(export.format)).await;
        }
        match self.complete(export, bytes).await {
            // Completed by a receive that died before it could say so: the upload is gone, the file is there.
            Err(_) if self.exists(&file_name(export)).await => Ok(()),
            result => result,
        }
    }

    async fn exists(&self, name: &str) -> bool {
        self.client.head_object().bucket(&self.name).key(name).send().await.is_ok()
    }

    async fn complete(&self, export: &mut Export, bytes: Vec<u8>) -> Result<(), Failure> {
        self.add_part(export, bytes).await?;
        let parts = export
            .parts
            .iter()
            .enumerate()
            .map(|(position, tag)| CompletedPart::builder().part_number(part_number(position)).e_tag(tag).build());
        let parts = CompletedMultipartUpload::builder().set_parts(Some(parts.collect())).build();
        let request = self.client.complete_multipart_upload().bucket(&self.name).key(file_name(export));
        let sent = request.set_upload_id(export.upload.clone()).multipart_upload(parts).send().await;
        sent.map(|_| ()).map_err(|error| failed(DisplayErrorContext(error)))
    }
}

fn part_number(position: usize) -> i32 {
    i32::try_from(position + 1).unwrap_or(i32::MAX)
}

fn content_type(format: ExportFormat) -> &'static str {
    match format {
        ExportFormat::Csv => "text/csv; charset=utf-8",
        ExportFormat::Json => "application/json",
    }
}

fn failed(error: impl std::fmt::Display) -> Failure {
    Failure::Bucket(error.to_string())
}
