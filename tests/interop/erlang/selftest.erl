%% Proof that the strict PCRF is strict: an AF on the same stack that plays one session and then breaks
%% one rule after the other, directly or through a relay.
%%
%%   tests/interop/otp selftest tests/interop/otp [RELAY-HOST RELAY-ADDRESS RELAY-PORT]
-module(selftest).
-export([main/1]).
-export([peer_up/3, peer_down/3, pick_peer/4, prepare_request/3, prepare_retransmit/3, handle_answer/4,
         handle_error/4, handle_request/3]).

-record(diameter_header, {version = 1, length, cmd_code, application_id, hop_by_hop_id, end_to_end_id,
                          is_request = true, is_proxiable = true, is_error = false, is_retransmitted = false}).
-record(diameter_avp, {code, vendor_id, is_mandatory = false, need_encryption = false, data, name,
                       value, type, index}).
-record(diameter_packet, {header, avps, msg, bin, errors = [], transport_data}).

-define(RX, 16777236).

main([Otp | Relay]) ->
    Port = open_port({spawn_executable, Otp},
                     [{args, ["pcrf", "0", "pcrf.rx.test", "rx.test"]}, {line, 1000}, stream]),
    "ready " ++ PcrfPort = expect(Port, "ready"),
    [PeerHost, PeerAddress, PeerPort] =
        case Relay of [] -> ["pcrf.rx.test", "127.0.0.1", PcrfPort]; _ -> Relay end,
    {ok, _} = application:ensure_all_started(diameter),
    {ok, Address} = inet:parse_address(PeerAddress),
    ok = diameter:start_service(?MODULE, [
        {'Origin-Host', "af.rx.test"}, {'Origin-Realm', "rx.test"}, {'Host-IP-Address', [{127, 0, 0, 1}]},
        {'Vendor-Id', 10415}, {'Product-Name', "selftest"}, {'Supported-Vendor-Id', [10415, 13019]},
        {'Vendor-Specific-Application-Id', [[{'Vendor-Id', 10415}, {'Auth-Application-Id', [?RX]}]]},
        {string_decode, false}, {decode_format, map},
        {application, [{alias, rx}, {dictionary, rx}, {module, ?MODULE},
                       {request_errors, callback}, {answer_errors, callback}]}]),
    register(waiting, self()),
    {ok, _} = diameter:add_transport(?MODULE, {connect, [
        {transport_module, diameter_tcp}, {connect_timer, 500},
        {transport_config, [{raddr, Address}, {rport, list_to_integer(PeerPort)}]}]}),
    receive {up, Host} -> same("peer", Host, list_to_binary(PeerHost)) after 20000 -> exit(no_peer) end,
    expect(Port, "up " ++ case Relay of [] -> "af.rx.test"; _ -> PeerHost end),
    session(Port, Relay =/= []),
    io:format("every case as expected~n"),
    halt(0).

session(Port, Relayed) ->
    Id = session_id(),
    same("AAR", aar(Id, []), 2001),
    same("update", aar(Id, [{'Rx-Request-Type', 1}]), 2001),
    expect(Port, "updated"),
    [begin port_command(Port, [Line, $\n]), expect(Port, Answer) end || {Line, Answer} <- [
        {["rar ", Id, " 1,6,4 1:1,2 2"], "raa " ++ Id ++ " 2001"},
        {["asr ", Id, " 0"], "asa " ++ Id ++ " 2001"},
        {["session ", Id], "session " ++ Id ++ " af=af.rx.test ue=0A010203 updates=1 media=[1]"},
        {"sessions", "sessions 1 " ++ Id}]],
    Initial = usual(Id, [{'Rx-Request-Type', 0}], []),
    same("initial twice", call(#diameter_header{cmd_code = 265}, Initial), 5004),
    same("sent again", call(#diameter_header{cmd_code = 265, is_retransmitted = true}, Initial), 2001),
    same("STR", str(Id), 2001),
    same("STR again", str(Id), 5002),
    Extra = fun(Name, Code, Vendor, Data) ->
        Avp = #diameter_avp{code = Code, vendor_id = Vendor, is_mandatory = true, data = Data},
        same(Name, aar(session_id(), [Avp]),
             case Name of "twice" -> 5009; "value" -> 5004; "length" -> 5014; _ -> 5001 end)
    end,
    Extra("unknown M", 9999, 10415, <<>>),
    Extra("unknown V", 504, undefined, <<"a">>),
    Extra("twice", 8, undefined, <<10, 1, 2, 3>>),
    Extra("value", 527, 10415, <<9:32>>),
    Extra("length", 551, 10415, <<1>>),
    same("missing", aar(session_id(), [], ['Auth-Application-Id']), 5005),
    MustBeClear = #diameter_avp{code = 533, vendor_id = 10415, is_mandatory = true, data = <<0:32>>},
    same("flags", aar(session_id(), [MustBeClear]), 3009),
    same("no address", aar(session_id(), [], ['Framed-IP-Address']), 5065),
    Filter = media(2, "permit out ip from any to assigned"),
    same("filter", aar(session_id(), [{'Media-Component-Description', Filter}]), 5062),
    same("unknown session", aar(session_id(), [{'Rx-Request-Type', 1}]), 5002),
    [same("other host", aar(session_id(), [{'Destination-Host', "other.rx.test"}]), 3002) || not Relayed],
    port_command(Port, "stats\n"),
    %% The relay adds Route-Record to RAA and ASA; a foreign host ends at the relay.
    expect(Port, if Relayed -> "RAR=1 STR=2 excepted=2 refused=12"; true -> "RAR=1 STR=2 refused=13" end).

session_id() ->
    Numbers = [os:system_time(second), erlang:unique_integer([positive])],
    lists:flatten(io_lib:format("af.rx.test;~p;~p", Numbers)).

aar(Id, More) -> aar(Id, More, []).
aar(Id, More, Without) -> call(#diameter_header{cmd_code = 265}, usual(Id, More, Without)).

usual(Id, More, Without) ->
    Usual = [{'Session-Id', Id}, {'Auth-Application-Id', ?RX}, {'Origin-Host', "af.rx.test"},
             {'Origin-Realm', "rx.test"}, {'Destination-Realm', "rx.test"},
             {'Media-Component-Description', media(1, "permit out 17 from 10.9.9.9 4000 to 10.1.2.3 5000")},
             {'Supported-Features', #{'Vendor-Id' => 10415, 'Feature-List-ID' => 1, 'Feature-List' => 19}},
             {'Framed-IP-Address', <<10, 1, 2, 3>>}],
    [Avp || {Name, _} = Avp <- Usual, not lists:member(Name, Without)] ++ More.

media(Number, Filter) ->
    #{'Media-Component-Number' => Number, 'Media-Type' => [0],
      'Media-Sub-Component' => [#{'Flow-Number' => 1, 'Flow-Description' => [Filter]}]}.

str(Id) ->
    call(#diameter_header{cmd_code = 275}, [
        {'Session-Id', Id}, {'Origin-Host', "af.rx.test"}, {'Origin-Realm', "rx.test"},
        {'Destination-Realm', "rx.test"}, {'Auth-Application-Id', ?RX}, {'Termination-Cause', 1},
        {'Class', get(class)}]).

%% Sent as a list of AVPs, which the stack does not hold against the grammar.
call(Header, Avps) ->
    Data = fun(Name, Value) -> rx:avp(encode, Value, Name, #{module => rx, dictionary => rx}) end,
    List = [case Avp of
                {Name, Value} -> #diameter_avp{data = {rx:avp_header(Name), iolist_to_binary(Data(Name, Value))}};
                _ -> Avp
            end || Avp <- Avps],
    case diameter:call(?MODULE, rx, [Header#diameter_header{application_id = ?RX} | List]) of
        {[_ | #{'Class' := [Class]} = Answer], _} -> put(class, Class), result(Answer);
        {[_ | Answer], _} -> result(Answer);
        Other -> Other
    end.

result(#{'Result-Code' := [Code]}) -> Code;
result(#{'Result-Code' := Code}) -> Code;
result(#{'Experimental-Result' := [#{'Experimental-Result-Code' := Code}]}) -> Code.

same(Name, Value, Value) -> io:format("ok ~s ~0p~n", [Name, Value]);
same(Name, Got, Wanted) -> io:format("FAILED ~s: ~0p instead of ~0p~n", [Name, Got, Wanted]), halt(1).

expect(Port, Wanted) ->
    receive
        {Port, {data, {_, Line}}} ->
            io:format("pcrf: ~s~n", [Line]),
            case string:find(Line, Wanted) of nomatch -> expect(Port, Wanted); _ -> Line end
    after 20000 -> io:format("FAILED: no line ~s~n", [Wanted]), halt(1)
    end.

peer_up(_, {_, Caps}, State) -> waiting ! {up, element(2, element(2, Caps))}, State.
peer_down(_, _, State) -> State.
pick_peer([Peer | _], _, _, _) -> {ok, Peer};
pick_peer([], _, _, _) -> false.
prepare_request(Packet, _, _) -> {send, Packet}.
prepare_retransmit(Packet, _, _) -> {send, Packet}.
handle_answer(#diameter_packet{msg = Answer, errors = Errors}, _, _, _) -> {Answer, Errors}.
handle_error(Why, _, _, _) -> {error, Why}.
handle_request(#diameter_packet{msg = [Name | #{'Session-Id' := Id}], errors = []}, _, _) ->
    [A, B, _] = atom_to_list(Name),
    {reply, [list_to_existing_atom([A, B, $A]) | #{'Session-Id' => Id, 'Result-Code' => [2001],
             'Origin-Host' => "af.rx.test", 'Origin-Realm' => "rx.test"}]};
handle_request(#diameter_packet{errors = [First | _]}, _, _) ->
    {answer_message, case First of {Code, _} -> Code; Code -> Code end}.
