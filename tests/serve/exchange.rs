//! One HTTP exchange on a connection of its own, as it is on the wire.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpStream},
};

/// What is answered until the connection ends. `more`: further lines of the header, each with its end.
pub fn answer(address: SocketAddr, method: &str, path: &str, more: &str, body: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let kind = if more.contains("Content-Type: ") { "" } else { "Content-Type: application/json\r\n" };
    let request = format!(
        "{method} {path} HTTP/1.1\r\nHost: gate\r\n{kind}Connection: close\r\n\
         {more}Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}

/// Status, header and body of an answer.
pub fn read(answer: &str) -> (u16, &str, &str) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head.split(' ').nth(1).unwrap().parse().unwrap(), head, body)
}
