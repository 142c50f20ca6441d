//! Reading history, also while it is written.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::Arrived;
use super::block::Scanner;
use super::newest::Newest;
use super::segment::{self, Segment, end_of};
use crate::domain::Timestamp;

/// Most sentences about damage that one reading keeps.
const DAMAGE_MAX: usize = 100;

/// Reads the segments of a folder. Its methods block: in async code, call them from `spawn_blocking`.
#[derive(Debug, Clone)]
pub struct Reader {
    dir: PathBuf,
}

/// The newest of an aircraft.
#[derive(Debug, Clone, PartialEq)]
pub struct Remembered {
    /// Its newest report.
    pub newest: Arrived,
    /// The report before, if there is one.
    pub before: Option<Arrived>,
    /// Time between its reports, seconds; `None` if there is one only.
    pub period_s: Option<f64>,
}

impl Reader {
    /// Of a folder, which need not exist yet.
    pub fn new(dir: &Path) -> Self {
        Self { dir: dir.to_owned() }
    }

    /// From when on there is history, to the minute; `None` if there is none.
    pub fn oldest(&self) -> io::Result<Option<Timestamp>> {
        Ok(segment::list(&self.dir)?.first().map(|oldest| oldest.minute))
    }

    /// What arrived from `from` on and before `to`, in the order of arrival. One block is held at a time. A folder
    /// that cannot be read is an error; damage within it is left out and named by [`Span::damage`].
    pub fn between(&self, from: Timestamp, to: Timestamp) -> io::Result<Span> {
        let mut segments = segment::list(&self.dir)?;
        segments.retain(|segment| segment.minute < to && from < end_of(segment.minute));
        let (segments, block) = (segments.into(), VecDeque::new());
        Ok(Span { from, to, segments, open: None, block, damage: Vec::new() })
    }

    /// Of every aircraft that was heard from `from` on and before `to` the newest, in the order of arrival. Back-filled
    /// reports are not asked.
    pub fn newest(&self, from: Timestamp, to: Timestamp) -> io::Result<Vec<Remembered>> {
        let mut newest = Newest::within(from, to);
        let mut segments = segment::list(&self.dir)?;
        segments.retain(|segment| segment.minute < to && from < end_of(segment.minute));
        for segment in segments {
            // What is damaged is left out, as everywhere; a reading of all tells what it is.
            let Ok(input) = File::open(&segment.path) else { continue };
            let mut scanner = Scanner::new(input);
            while scanner.next_block(&mut newest) {
                scanner.damage();
            }
        }
        Ok(newest.finish())
    }
}

/// Observations of a span of time.
#[derive(Debug)]
pub struct Span {
    from: Timestamp,
    to: Timestamp,
    segments: VecDeque<Segment>,
    open: Option<(String, Scanner<File>)>,
    block: VecDeque<Arrived>,
    damage: Vec<String>,
}

impl Span {
    /// What could not be read so far: file, place and kind of the damage. What is being written right now may look
    /// cut off.
    pub fn damage(&self) -> &[String] {
        &self.damage
    }

    fn note(&mut self, file: &str, damage: impl IntoIterator<Item = String>) {
        let room = DAMAGE_MAX.saturating_sub(self.damage.len());
        self.damage.extend(damage.into_iter().take(room).map(|what| format!("{file}: {what}")));
    }
}

impl Iterator for Span {
    type Item = Arrived;

    fn next(&mut self) -> Option<Arrived> {
        loop {
            while let Some(arrived) = self.block.pop_front() {
                if (self.from..self.to).contains(&arrived.received_at) {
                    return Some(arrived);
                }
            }
            if let Some((file, mut scanner)) = self.open.take() {
                let more = scanner.next_block(&mut self.block);
                self.note(&file, scanner.damage());
                self.open = more.then_some((file, scanner));
                continue;
            }
            let segment = self.segments.pop_front()?;
            let file = segment.path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            match File::open(&segment.path) {
                Ok(input) => self.open = Some((file, Scanner::new(input))),
                // Its time was over.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => self.note(&file, [format!("cannot be read: {error}")]),
            }
        }
    }
}
