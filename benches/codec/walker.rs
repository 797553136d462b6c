//! The floor of decoding, written without anything of the library: every header is read and its length checked,
//! groups are entered by a match on code and vendor, nothing is kept.

/// Walks over a message; returns the number of AVPs, or nothing if a length does not fit.
pub fn walk(message: &[u8]) -> Option<u32> {
    level(message.get(20..)?)
}

fn level(mut rest: &[u8]) -> Option<u32> {
    let mut count = 0;
    while !rest.is_empty() {
        let code = u32::from_be_bytes(rest.get(..4)?.try_into().ok()?);
        let word = u32::from_be_bytes(rest.get(4..8)?.try_into().ok()?);
        let length = (word & 0x00ff_ffff) as usize;
        let (vendor, header) = match word >> 31 {
            1 => (u32::from_be_bytes(rest.get(8..12)?.try_into().ok()?), 12),
            _ => (0, 8),
        };
        if length < header {
            return None;
        }
        let data = rest.get(header..length)?;
        count += 1;
        match (vendor, code) {
            (10415, 502 | 510 | 517 | 519 | 526 | 530 | 565 | 570 | 572 | 575 | 578 | 628)
            | (0, 260 | 284 | 297 | 413 | 431 | 443 | 445 | 446 | 458 | 621 | 623 | 650) => {
                count += level(data)?
            }
            _ => {}
        }
        rest = rest.get((length + 3) & !3..)?;
    }
    Some(count)
}
