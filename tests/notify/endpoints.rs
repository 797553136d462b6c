//! Which URLs are endpoints, and what is sent because of them.

use rxgate::notify::NotifyConfig;

use crate::world::{APP, status, world, world_with};

#[tokio::test]
async fn what_is_no_endpoint_is_refused_with_what_is_accepted() {
    let long = format!("http://app.example/{}", "a".repeat(2048));
    let label = format!("http://{}.example/", "a".repeat(64));
    let name = format!("http://{}example/", "a.".repeat(130));
    let cases = [
        ("", "absolute URL"),
        ("app.example/x", "absolute URL"),
        ("/x", "absolute URL"),
        ("http:/app.example", "absolute URL"),
        ("ftp://app.example/", "scheme is http"),
        ("file:///etc/passwd", "scheme is http"),
        (" http://app.example/", "scheme is http"),
        ("http://user@app.example/", "no user name"),
        ("http://user:secret@app.example/", "no user name"),
        ("http://app.example@127.0.0.1/", "no user name"),
        ("http://app.example/#top", "no fragment"),
        ("http://app.example#@127.0.0.1/", "no fragment"),
        ("http://app.example:0/", "port is a number"),
        ("http://app.example:65536/", "port is a number"),
        ("http://app.example:99999999999/", "port is a number"),
        ("http://endpt_host:port/QoSNotification", "port is a number"),
        ("http://app.example:+80/", "port is a number"),
        ("http://app.example:80:81/", "port is a number"),
        ("http://", "1 to 253"),
        ("http:///x", "1 to 253"),
        ("http://:80/", "1 to 253"),
        ("http://app..example/", "parts of 1 to 63"),
        ("http://app example/", "letters, digits"),
        ("http://app%2eexample/", "letters, digits"),
        ("http://app.example\\@127.0.0.1/", "no user name"),
        ("http://app.example\\.other/", "letters, digits"),
        ("http://bücher.example/", "letters, digits"),
        ("http://127.1/", "four decimal numbers"),
        ("http://2130706433/", "four decimal numbers"),
        ("http://0x7f000001/", "four decimal numbers"),
        ("http://0X7F.0.0.1/", "four decimal numbers"),
        ("http://0177.0.0.01/", "four decimal numbers"),
        ("http://1.2.3.4.5/", "four decimal numbers"),
        ("http://127.0.0.1./", "four decimal numbers"),
        ("http://127.0.0.0x1/", "four decimal numbers"),
        ("http://[::1/", "] is missing"),
        ("http://[::1]x/", "follows ]"),
        ("http://[fe80::1%25eth0]/", "no IPv6 address"),
        ("http://[127.0.0.1]/", "no IPv6 address"),
        ("http://[]/", "no IPv6 address"),
        ("http://app.example/a b", "visible ASCII"),
        ("http://app.example/a\r\nX: y", "visible ASCII"),
        ("http://app.example/ü", "visible ASCII"),
        ("http://app.example/%4", "two hexadecimal digits"),
        ("http://app.example/%zz", "two hexadecimal digits"),
        ("http://app.example/<x>", "written with %"),
        (&long, "2048"),
        (&label, "parts of 1 to 63"),
        (&name, "1 to 253"),
    ];
    let world = world();
    for (url, text) in cases {
        let refused = world.notifier.endpoint(url).expect_err(url).to_string();
        assert!(refused.contains(text), "{url:?}: {refused}");
        // It is shown to whoever sent the request: it must not repeat what it may have hidden in it.
        assert!(!refused.contains("secret"), "{refused}");
    }
}

#[tokio::test(start_paused = true)]
async fn host_header_and_target_are_those_of_the_url() {
    let cases = [
        ("http://app.example", "app.example", "/", "93.184.216.34:80"),
        ("http://app.example/", "app.example", "/", "93.184.216.34:80"),
        ("HTTP://App.Example:80/x", "App.Example", "/x", "93.184.216.34:80"),
        ("http://app.example:/x", "app.example", "/x", "93.184.216.34:80"),
        ("http://app.example:080/x", "app.example", "/x", "93.184.216.34:80"),
        ("http://app.example?a=/b", "app.example", "/?a=/b", "93.184.216.34:80"),
        ("http://app.example:8080//a/../b/./", "app.example:8080", "//a/../b/./", "93.184.216.34:8080"),
        ("http://app.example/a[0]={b|c}~", "app.example", "/a[0]={b|c}~", "93.184.216.34:80"),
        ("http://app.example/%41%7e?q=%20+&&=?", "app.example", "/%41%7e?q=%20+&&=?", "93.184.216.34:80"),
        ("http://app.example/a@b:c", "app.example", "/a@b:c", "93.184.216.34:80"),
        ("http://93.184.216.34/x", "93.184.216.34", "/x", "93.184.216.34:80"),
        ("http://[2606:2800::1]/x", "[2606:2800::1]", "/x", "[2606:2800::1]:80"),
        ("http://[2606:2800::1]:65535/x", "[2606:2800::1]:65535", "/x", "[2606:2800::1]:65535"),
    ];
    for (url, host, target, connected) in cases {
        let mut world = world();
        world.net.name("app.example", &[&[APP]]);
        world.net.server(connected, vec![], status("200 OK"));
        world.send("one", url, "{}").unwrap();
        let seen = world.next().await;
        assert_eq!(seen.header("host"), Some(host), "{url}");
        assert_eq!(seen.head.lines().next(), Some(&*format!("POST {target} HTTP/1.1")), "{url}");
        assert_eq!(seen.to.to_string(), connected, "{url}");
    }
}

#[tokio::test]
async fn an_endpoint_keeps_its_text_and_hides_it_in_debug() {
    let allow_networks = vec!["127.0.0.0/8".parse().unwrap()];
    let world = world_with(NotifyConfig { allow_networks, ..NotifyConfig::default() });
    let url = "http://127.0.0.1:8080/token/secret";
    let notification = world.notification(url, "secret");
    assert_eq!(notification.endpoint.as_str(), url);
    for shown in [format!("{notification:?}"), format!("{:?}", notification.endpoint)] {
        assert!(!shown.contains("secret") && !shown.contains("127"), "{shown}");
    }
}
