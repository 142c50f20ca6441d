//! The WebSocket clients: one measures when alerts arrive, others only read everything.

use std::sync::Arc;

use futures_util::{SinkExt, StreamExt};
use serde::Deserialize;
use tokio::time::Instant;
use tokio_tungstenite::connect_async;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use crate::board::Board;
use crate::fleet::Fleet;

/// What the meter reads of a frame.
#[derive(Deserialize)]
struct Frame<'a> {
    r#type: &'a str,
    event: Option<&'a str>,
    #[serde(borrow)]
    alert: Option<Alert<'a>>,
}

#[derive(Deserialize)]
struct Alert<'a> {
    code: &'a str,
    uas_id: &'a str,
    observed_at: &'a str,
}

/// Which client it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// Reads alerts and strikes them off the board.
    Meter,
    /// Reads alerts and tracks and counts.
    Reader,
}

/// Connects, says so through `ready`, and reads until the connection ends.
pub(crate) async fn read(
    url: &str,
    role: Role,
    board: &Arc<Board>,
    ready: impl FnOnce() + Send,
) -> Result<(), Error> {
    let (mut socket, _response) = connect_async(url).await?;
    let wanted = match role {
        Role::Meter => r#"{"type":"subscribe","alerts":{}}"#,
        Role::Reader => r#"{"type":"subscribe","alerts":{},"tracks":{"max_hz":1}}"#,
    };
    socket.send(Message::Text(Utf8Bytes::from_static(wanted))).await?;
    let mut ready = Some(ready);
    while let Some(message) = socket.next().await {
        let at = Instant::now();
        let Message::Text(text) = message? else { continue };
        Board::one(&board.frames);
        Board::add(&board.frame_bytes, text.len());
        if role == Role::Meter {
            strike_off(board, &text, at);
        }
        if text.starts_with(r#"{"type":"gap""#) {
            Board::one(&board.gaps);
        }
        if let Some(ready) = ready.take_if(|_| text.starts_with(r#"{"type":"snapshot""#)) {
            ready();
        }
    }
    Ok(())
}

fn strike_off(board: &Board, text: &str, at: Instant) {
    let Ok(Frame { r#type: "alert", event: Some("RAISED"), alert: Some(alert) }) = serde_json::from_str(text)
    else {
        return;
    };
    if let Some(number) = Fleet::number(alert.uas_id) {
        board.raised(number, alert.code, alert.observed_at, at);
    }
}
