//! The aircraft that one client is shown, and what it must be told of them next.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::picture::Delta;
use super::scope::TrackScope;
use super::{Track, World};
use crate::domain::{Timestamp, UasId};

/// What a client was told of the picture.
#[derive(Debug)]
pub(super) struct TrackFeed {
    scope: TrackScope,
    version: u64,
    /// When it is to be told again.
    pub(super) due: Timestamp,
    /// Aircraft in scope that the client knows; unused where everything is.
    shown: BTreeSet<UasId>,
}

impl TrackFeed {
    /// A client that was told nothing yet.
    pub(super) fn new(scope: TrackScope, now: Timestamp) -> Self {
        Self { scope, version: 0, due: now, shown: BTreeSet::new() }
    }

    /// Seconds between two frames.
    pub(super) fn period_s(&self) -> f64 {
        1.0 / self.scope.max_hz
    }

    /// Begins anew from the whole picture.
    pub(super) fn restart(&mut self, now: Timestamp, world: &World) -> Vec<Arc<Track>> {
        self.version = world.picture.version();
        self.due = now.plus_seconds(self.period_s());
        let tracks = world.picture.wanted(&self.scope);
        self.shown.clear();
        if !self.scope.is_everything() {
            self.shown.extend(tracks.iter().map(|track| track.state.uas_id.clone()));
        }
        tracks
    }

    /// What changed; `None` if only a snapshot can tell.
    pub(super) fn next(&mut self, now: Timestamp, world: &World) -> Option<(Vec<Arc<Track>>, Vec<UasId>)> {
        self.due = now.plus_seconds(self.period_s());
        let Delta { updated, outside, mut gone } = world.picture.since(self.version, &self.scope)?;
        self.version = world.picture.version();
        if !self.scope.is_everything() {
            self.shown.extend(updated.iter().map(|track| track.state.uas_id.clone()));
            gone.extend(outside);
            gone.retain(|uas_id| self.shown.remove(uas_id));
        }
        Some((updated, gone))
    }
}
