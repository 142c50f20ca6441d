//! What a broker's answer to CONNECT says of settings that would lose messages.

use rumqttc::v5::mqttbytes::v5::ConnAck;

/// Shortest time that a broker should keep our session, seconds.
const SESSION_MIN_S: u32 = 300;
/// Largest alert or status message that we send, with room to spare, bytes.
const PACKET_MIN: u32 = 16 * 1024;

/// Settings that would lose messages, a sentence each. `had_session`: whether this is a later connection of the
/// same session, for which `asked_s` seconds of life were asked.
pub(super) fn complaints(connack: &ConnAck, had_session: bool, asked_s: u32) -> Vec<String> {
    let mut found = Vec::new();
    if had_session && !connack.session_present {
        found.push(
            "it did not keep our session: what came while we were away is lost; see `persistence` and \
             `persistent_client_expiration`"
                .to_owned(),
        );
    }
    let Some(properties) = &connack.properties else { return found };
    if let Some(kept_s) = properties.session_expiry_interval
        && kept_s < SESSION_MIN_S.min(asked_s)
    {
        found.push(format!("it keeps our session for {kept_s} s only, wanted are {asked_s} s"));
    }
    if properties.max_qos == Some(0) {
        found.push("it offers QoS 0 only: nothing is delivered again".to_owned());
    }
    if properties.retain_available == Some(0) {
        found.push("it retains nothing: the status topic shows only while somebody listens".to_owned());
    }
    if let Some(most) = properties.max_packet_size
        && most < PACKET_MIN
    {
        found.push(format!("it takes packets of {most} bytes at most, alerts may have {PACKET_MIN}"));
    }
    found
}

#[cfg(test)]
mod tests {
    use rumqttc::v5::mqttbytes::v5::{ConnAckProperties, ConnectReturnCode};

    use super::*;

    fn connack(session_present: bool, set: impl FnOnce(&mut ConnAckProperties)) -> ConnAck {
        let mut properties = ConnAckProperties {
            session_expiry_interval: None,
            receive_max: None,
            max_qos: None,
            retain_available: None,
            max_packet_size: None,
            assigned_client_identifier: None,
            topic_alias_max: None,
            reason_string: None,
            user_properties: Vec::new(),
            wildcard_subscription_available: None,
            subscription_identifiers_available: None,
            shared_subscription_available: None,
            server_keep_alive: None,
            response_information: None,
            server_reference: None,
            authentication_method: None,
            authentication_data: None,
        };
        set(&mut properties);
        ConnAck { session_present, code: ConnectReturnCode::Success, properties: Some(properties) }
    }

    #[test]
    fn each_setting_that_loses_messages_is_told() {
        let count = |connack: &ConnAck| complaints(connack, true, 3_600).len();
        assert_eq!(count(&connack(true, |_| {})), 0);
        assert_eq!(count(&connack(false, |_| {})), 1);
        assert_eq!(complaints(&connack(false, |_| {}), false, 3_600).len(), 0, "the first connection");
        assert_eq!(count(&connack(true, |is| is.session_expiry_interval = Some(3_600))), 0);
        assert_eq!(count(&connack(true, |is| is.session_expiry_interval = Some(10))), 1);
        assert_eq!(count(&connack(true, |is| is.max_qos = Some(0))), 1);
        assert_eq!(count(&connack(true, |is| is.retain_available = Some(0))), 1);
        assert_eq!(count(&connack(true, |is| is.max_packet_size = Some(1_000))), 1);
    }
}
