//! Publishes once more what the broker may not have had before the end of the last run, in order: the newest event of
//! every open alert, and every event after the last one that it confirmed.
//!
//! At least once: whoever listens knows an event by its number. Nothing is left out and nothing is crowded out: there
//! may be far more of them than the publisher keeps, so they are read as it has room, and until the last has its place
//! it is not noted that the broker has had them.

use std::collections::VecDeque;
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::journal::{Entry, Reader, Recovered};
use crate::service::publisher::PublisherHandle;
use crate::stream::LoggedEvent;

/// Events that are read at once.
const PAGE: usize = 500;
/// Time between looks for room.
const LOOK_PERIOD: Duration = Duration::from_millis(100);
/// Time until a journal that could not be read is read again.
const RETRY_PERIOD: Duration = Duration::from_secs(2);

/// What is left to be published again.
pub struct Again {
    publisher: PublisherHandle,
    reader: Reader,
    open: VecDeque<Entry>,
    page: VecDeque<Entry>,
    /// Events up to this number were read.
    after: u64,
    /// The last event of the earlier run.
    until: u64,
    failing: bool,
}

/// How far it has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Done,
    Full,
    Failed,
}

impl Again {
    /// What a journal holds that was opened at the start. Blocks while it is read; what finds no room is for
    /// [`Self::run`].
    pub fn of_the_last_run(recovered: &Recovered, reader: Reader, publisher: PublisherHandle) -> Self {
        let after = recovered.told.unwrap_or(recovered.last_seq);
        let open = recovered.open.iter().filter(|entry| entry.seq <= after).cloned().collect();
        Self::begin(open, after, recovered.last_seq, reader, publisher)
    }

    /// What a journal holds that was opened late. Its open alerts were of an earlier life and are about to be closed.
    pub fn of_an_earlier_life(recovered: &Recovered, reader: Reader, publisher: PublisherHandle) -> Self {
        let after = recovered.told.unwrap_or(recovered.last_seq);
        Self::begin(VecDeque::new(), after, recovered.last_seq, reader, publisher)
    }

    fn begin(
        open: VecDeque<Entry>,
        after: u64,
        until: u64,
        reader: Reader,
        publisher: PublisherHandle,
    ) -> Self {
        publisher.lacks_after(Some(after));
        let page = VecDeque::new();
        let mut again = Self { publisher, reader, open, page, after, until, failing: false };
        again.fill();
        again
    }

    /// Goes on as the publisher has room, until all is handed in or `stop`.
    pub async fn run(mut self, stop: CancellationToken) {
        loop {
            let filled = tokio::task::spawn_blocking(move || (self.fill(), self)).await;
            let Ok((step, back)) = filled else { return };
            self = back;
            let pause = match step {
                Step::Done => return,
                Step::Full => LOOK_PERIOD,
                Step::Failed => RETRY_PERIOD,
            };
            if stop.run_until_cancelled(tokio::time::sleep(pause)).await.is_none() {
                return;
            }
        }
    }

    fn fill(&mut self) -> Step {
        while self.publisher.has_room() {
            if let Some(entry) = self.open.pop_front() {
                self.publisher.alert(&LoggedEvent::of(&entry, true));
            } else if let Some(entry) = self.page.pop_front() {
                self.publisher.alert(&LoggedEvent::of(&entry, true));
                self.publisher.lacks_after(Some(entry.seq));
            } else if self.until <= self.after {
                self.publisher.lacks_after(None);
                return Step::Done;
            } else if let Err(reason) = self.read() {
                if !std::mem::replace(&mut self.failing, true) {
                    tracing::warn!(
                        reason,
                        "events that the broker may not have had cannot be read, trying on"
                    );
                }
                return Step::Failed;
            }
        }
        Step::Full
    }

    fn read(&mut self) -> Result<(), String> {
        let page = self.reader.events_after(self.after, PAGE).map_err(|error| error.to_string())?;
        let (through, until) = (page.through.min(self.until), self.until);
        if through <= self.after {
            return Err(format!("there is no event {}", self.after.saturating_add(1)));
        }
        self.after = through;
        self.page.extend(page.entries.into_iter().filter(|entry| entry.seq <= until));
        Ok(())
    }
}
