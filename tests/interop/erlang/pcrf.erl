%% A strict PCRF for the interoperability tests, on the Diameter stack of Erlang/OTP.
%%
%%   tests/interop/otp pcrf PORT ORIGIN-HOST ORIGIN-REALM
%%
%% The stack itself refuses what the grammar in rx.dia forbids; this module adds what a grammar cannot
%% say: AVP flags, destination, UE address, flow descriptions, echoed Class, known session.
%% Every refusal is printed and counted. One command a line on standard input, answers and events a
%% line each on standard output; the end of standard input ends the process.
-module(pcrf).
-export([main/1]).
-export([peer_up/3, peer_down/3, pick_peer/4, pick_peer/5, prepare_request/3, prepare_request/4,
         prepare_retransmit/3, prepare_retransmit/4, handle_answer/4, handle_answer/5,
         handle_error/4, handle_error/5, handle_request/3]).

%% From diameter.hrl, which Debian ships in a package of its own.
-record(diameter_header, {version, length, cmd_code, application_id, hop_by_hop_id, end_to_end_id,
                          is_request, is_proxiable, is_error, is_retransmitted}).
-record(diameter_avp, {code, vendor_id, is_mandatory = false, need_encryption = false, data, name,
                       value, type, index}).
-record(diameter_packet, {header, avps, msg, bin, errors = [], transport_data}).
-record(diameter_caps, {origin_host, origin_realm, host_ip_address, vendor_id, product_name,
                        origin_state_id, supported_vendor_id, auth_application_id,
                        inband_security_id, acct_application_id, vendor_specific_application_id,
                        firmware_revision, avp}).

-define(RX, 16777236).
-define(TGPP, 10415).
-define(ROUTE_RECORD, 282).
%% Dictionaries differ on the M bit of these, and a sender may set it on Supported-Features.
-define(EITHER_M, ['Supported-Features', 'AN-Trusted', '3GPP-SGSN-MCC-MNC', '3GPP-User-Location-Info',
                   '3GPP-MS-TimeZone', 'User-Equipment-Info', 'User-Equipment-Info-Extension']).

main([PortText, Host, Realm]) ->
    ets:new(sessions, [named_table, public]),
    ets:new(counters, [named_table, public]),
    ets:new(own, [named_table, public]),
    ets:insert(own, [{host, list_to_binary(Host)}, {realm, list_to_binary(Realm)}]),
    {ok, _} = application:ensure_all_started(diameter),
    %% A request that overtakes the loading of code is dropped by the stack.
    {ok, Modules} = application:get_key(diameter, modules),
    ok = code:ensure_modules_loaded([rx | Modules]),
    true = diameter:subscribe(?MODULE),
    ok = diameter:start_service(?MODULE, [
        {'Origin-Host', Host}, {'Origin-Realm', Realm}, {'Host-IP-Address', [{127, 0, 0, 1}]},
        {'Vendor-Id', ?TGPP}, {'Product-Name', "strict-pcrf"}, {'Supported-Vendor-Id', [?TGPP, 13019]},
        {'Origin-State-Id', diameter:origin_state_id()},
        {'Vendor-Specific-Application-Id', [[{'Vendor-Id', ?TGPP}, {'Auth-Application-Id', [?RX]}]]},
        {string_decode, false}, {decode_format, map}, {strict_mbit, true},
        {application, [{alias, rx}, {dictionary, rx}, {module, ?MODULE},
                       {request_errors, callback}, {answer_errors, callback}]}]),
    {ok, _} = diameter:add_transport(?MODULE, {listen, [
        {transport_module, diameter_tcp},
        {transport_config, [{ip, {127, 0, 0, 1}}, {port, list_to_integer(PortText)},
                            {reuseaddr, true}]}]}),
    say("ready ~p", [listening_port()]),
    Main = self(),
    spawn_link(fun() -> read_lines(Main) end),
    serve().

listening_port() ->
    case [Port || {listen, Port, _} <- diameter_tcp:ports()] of
        [Port] -> Port;
        [] -> timer:sleep(5), listening_port()
    end.

read_lines(Main) ->
    case io:get_line("") of
        Line when is_list(Line) -> Main ! {command, string:lexemes(Line, " \n")}, read_lines(Main);
        _ -> Main ! {command, ["stop"]}
    end.

serve() ->
    receive
        {command, ["stop"]} ->
            diameter:stop_service(?MODULE),
            halt(0);
        {command, Words} ->
            try command(Words) catch _:Why -> say("error ~0p ~0p", [Words, Why]) end;
        {diameter_event, _, {closed, _, {'CER', Result, _, _}, _}} ->
            refused('CER', Result, "capabilities");
        _ -> ok
    end,
    serve().

%% ---- Commands on standard input -----------------------------------------------------------------

command([]) -> ok;
command(["sessions"]) ->
    Ids = lists:sort([Id || {Id, _} <- ets:tab2list(sessions)]),
    say("sessions ~p~s", [length(Ids), [[" ", Id] || Id <- Ids]]);
command(["session", Id]) ->
    case ets:lookup(sessions, list_to_binary(Id)) of
        [] -> say("session ~s unknown", [Id]);
        [{_, #{af := Af, ue := Ue, updates := Updates, media := Media, actions := Actions}}] ->
            say("session ~s af=~s ue=~s updates=~p media=~w actions=~w",
                [Id, Af, binary:encode_hex(Ue), Updates, Media, Actions])
    end;
command(["rar", Id, Actions | Flows]) ->
    Numbers = numbers(Actions),
    Details = lists:foldl(fun detail/2, #{'Specific-Action' => Numbers}, Numbers),
    to_af('RAR', Id, case Flows of [] -> Details; _ -> Details#{'Flows' => [flows(F) || F <- Flows]} end);
command(["asr", Id, Cause]) ->
    to_af('ASR', Id, #{'Abort-Cause' => list_to_integer(Cause)});
command(["stats"]) ->
    say("stats sessions=~p~s", [ets:info(sessions, size),
        [io_lib:format(" ~s=~p", [Name, N]) || {Name, N} <- lists:sort(ets:tab2list(counters))]]).

numbers(Text) -> [list_to_integer(N) || N <- string:lexemes(Text, ",")].

%% "1" is all flows of component 1, "1:2,3" two of them.
flows(Text) ->
    [Component | Numbers] = string:lexemes(Text, ":"),
    #{'Media-Component-Number' => list_to_integer(Component),
      'Flow-Number' => lists:append([numbers(N) || N <- Numbers])}.

%% What rides along with a Specific-Action (TS 29.214 §5.3.13).
detail(1, Rar) -> Rar#{'Access-Network-Charging-Identifier' =>
    [#{'Access-Network-Charging-Identifier-Value' => <<16#0A, 16#0B, 16#0C, 16#0D>>}]};
detail(4, Rar) -> Rar#{'Abort-Cause' => [0]};
detail(6, Rar) -> Rar#{'IP-CAN-Type' => [6], 'RAT-Type' => [0]};
detail(11, Rar) -> Rar#{'Sponsored-Connectivity-Data' => [#{'Used-Service-Unit' => [
    #{'CC-Time' => [60], 'CC-Total-Octets' => [1048576]}]}]};
detail(12, Rar) ->
    TaiAndEcgi = <<16#82, 0, 16#F1, 16#10, 0, 1, 0, 16#F1, 16#10, 0, 0, 1, 2>>,
    Rar#{'3GPP-User-Location-Info' => [TaiAndEcgi], '3GPP-MS-TimeZone' => [<<16#80, 0>>],
         '3GPP-SGSN-MCC-MNC' => ["00101"]};
detail(16, Rar) -> Rar#{'3GPP-SGSN-MCC-MNC' => ["00101"]};
detail(_, Rar) -> Rar.

%% A request to the AF, over the connection that its session came in by (a relay's, perhaps).
to_af(Name, IdText, Fields) ->
    Id = list_to_binary(IdText),
    #{af := Af, realm := Realm, hop := Hop} = case ets:lookup(sessions, Id) of
        [{_, Session}] -> Session;
        [] -> ets:lookup_element(own, last_af, 2)
    end,
    Request = Fields#{'Session-Id' => Id, 'Origin-Host' => own(host), 'Origin-Realm' => own(realm),
                      'Destination-Host' => Af, 'Destination-Realm' => Realm, 'Auth-Application-Id' => ?RX},
    spawn(fun() ->
        Options = [{extra, [{Name, IdText, Hop}]}, {timeout, 10000}],
        case diameter:call(?MODULE, rx, [Name | Request], Options) of
            {answered, Answer, Result} -> say("~s ~s ~p", [string:lowercase(Answer), IdText, Result]);
            {error, Why} -> say("~s ~s ~0p", [string:lowercase(answer_to(Name)), IdText, Why])
        end
    end),
    count(Name).

%% ---- Callbacks of the stack ---------------------------------------------------------------------

peer_up(_, {_, #diameter_caps{origin_host = {_, Peer}}}, State) -> say("up ~s", [Peer]), State.
peer_down(_, {_, #diameter_caps{origin_host = {_, Peer}}}, State) -> say("down ~s", [Peer]), State.

pick_peer(_, _, _, _) -> false.
pick_peer(Candidates, _, _, _, {_, _, Hop}) ->
    case [Peer || {_, #diameter_caps{origin_host = {_, Host}}} = Peer <- Candidates, Host == Hop] of
        [Peer | _] -> {ok, Peer};
        [] -> false
    end.

prepare_request(Packet, _, _) -> {send, Packet}.
prepare_request(Packet, _, _, _) -> {send, Packet}.
prepare_retransmit(Packet, _, _) -> {send, Packet}.
prepare_retransmit(Packet, _, _, _) -> {send, Packet}.
handle_error(Why, _, _, _) -> {error, Why}.
handle_error(Why, _, _, _, _) -> {error, Why}.
handle_answer(_, _, _, _) -> ignored.

handle_answer(#diameter_packet{msg = [_ | Fields], errors = Errors} = Packet, _, _, _, {Request, _, _}) ->
    Answer = answer_to(Request),
    count(Answer),
    %% A freeDiameter relay appends Route-Record to answers, where the grammar has no place for it.
    {Relay, Own} = lists:partition(fun is_route_record/1, Errors),
    [count("excepted") || _ <- Relay],
    [refused(Answer, code(E), reason(E)) || E <- Own],
    [refused(Answer, Code, Reason) || {Code, Reason} <- flag_faults(Packet)],
    {answered, Answer, result(Fields)}.

is_route_record({5001, #diameter_avp{code = ?ROUTE_RECORD}}) -> true;
is_route_record(_) -> false.

result(#{'Result-Code' := [Code]}) -> Code;
result(#{'Result-Code' := Code}) -> Code;
result(#{'Experimental-Result' := [#{'Experimental-Result-Code' := Code}]}) -> {experimental, Code};
result(_) -> none.

handle_request(#diameter_packet{msg = undefined, errors = Errors}, _, _) ->
    [refused(unknown, code(E), "command") || E <- Errors],
    {answer_message, code(hd(Errors))};
handle_request(#diameter_packet{msg = [Name | Fields], errors = []} = Packet, _, Peer) ->
    count(Name),
    notes(Name, Packet),
    case checks([fun flag_faults/1, fun(_) -> destination(Fields) end], Packet) of
        ok -> served(Name, Fields, Peer, Packet#diameter_packet.header);
        {Code, Reason} -> refuse(Name, Fields, Code, Reason)
    end;
handle_request(#diameter_packet{msg = [Name | Fields], errors = [First | _] = Errors}, _, _) ->
    count(Name),
    [refused(Name, code(E), reason(E)) || E <- Errors],
    reply(Name, Fields, code(First), #{}).

%% ---- What an AAR or STR must be beyond its grammar ----------------------------------------------

served('AAR', #{'Session-Id' := Id} = Fields, Peer, #diameter_header{is_retransmitted = Again}) ->
    Known = ets:lookup(sessions, Id),
    case checks([fun ue_address/1, fun(F) -> request_type(F, Known, Again) end, fun filters/1], Fields) of
        ok -> authorized(Fields, Known, Peer);
        {Code, Reason} -> refuse('AAR', Fields, Code, Reason)
    end;
served('STR', #{'Session-Id' := Id} = Fields, _, _) ->
    case ets:lookup(sessions, Id) of
        [] -> refuse('STR', Fields, 5002, "session");
        [{_, #{class := Class}}] ->
            ets:delete(sessions, Id),
            case Fields of
                #{'Class' := [Class]} -> reply('STR', Fields, 2001, #{});
                _ -> refuse('STR', Fields, 5005, "Class not echoed")
            end
    end;
served(Name, Fields, _, _) -> refuse(Name, Fields, 3001, "not for a PCRF").

destination(Fields) ->
    Own = {own(host), own(realm)},
    case {maps:get('Destination-Host', Fields, []), maps:get('Destination-Realm', Fields)} of
        {[Host], _} when Host =/= element(1, Own) -> [{3002, Host}];
        {_, Realm} when Realm =/= element(2, Own) -> [{3003, Realm}];
        _ when map_get('Auth-Application-Id', Fields) =/= ?RX -> [{5004, "Auth-Application-Id"}];
        _ -> []
    end.

%% One UE address, whole, in every AAR: many PCRFs bind updates by it too (TS 29.214 §4.4.1).
ue_address(#{'Framed-IP-Address' := [Address]} = Fields) when not is_map_key('Framed-IPv6-Prefix', Fields) ->
    [{5004, "Framed-IP-Address"} || byte_size(Address) =/= 4];
ue_address(#{'Framed-IPv6-Prefix' := [Prefix]} = Fields) when not is_map_key('Framed-IP-Address', Fields) ->
    case Prefix of <<0, 128, _:16/binary>> -> []; _ -> [{5004, "Framed-IPv6-Prefix"}] end;
ue_address(_) -> [{{experimental, 5065}, "not one UE address"}].

%% A request sent again (T) is answered again.
request_type(#{'Rx-Request-Type' := [1]}, [], _) -> [{5002, "update of an unknown session"}];
request_type(_, [_], true) -> [];
request_type(#{'Rx-Request-Type' := [0]}, [_], _) -> [{5004, "initial request for a known session"}];
request_type(#{'Specific-Action' := Actions}, [_], _) -> [{5004, "late subscription"} || Actions -- [12] =/= []];
request_type(_, _, _) -> [].

%% TS 29.214 §5.3.8: permit only, numeric addresses or any, single ports, one filter a direction.
filters(Fields) ->
    lists:append([sub_filters(maps:get('Flow-Description', Sub, []))
        || Component <- maps:get('Media-Component-Description', Fields, []),
           Sub <- maps:get('Media-Sub-Component', Component, [])]).

sub_filters(Texts) ->
    End = "(any|[0-9a-fA-F.:]+(/[0-9]{1,3})?)( [0-9]{1,5})?",
    Rule = ["^permit (in|out) (ip|[0-9]{1,3}) from ", End, " to ", End, "$"],
    Found = [re:run(Text, Rule, [{capture, [1], binary}]) || Text <- Texts],
    Directions = [D || {match, [D]} <- Found],
    [{{experimental, 5062}, Text} || {Text, nomatch} <- lists:zip(Texts, Found)] ++
        [{{experimental, 5062}, "two of one direction"} || length(lists:usort(Directions)) < length(Directions)].

%% Some PCRFs compare every AVP's flags with their dictionary (3009). The V bit is part of an AVP's key.
flag_faults(#diameter_packet{avps = Avps}) ->
    [{3009, Name} || #diameter_avp{name = Name, is_mandatory = M, need_encryption = P} <- flat(Avps),
                     Name =/= undefined, Name =/= 'AVP', P orelse wrong_m(Name, M)].

wrong_m(Name, M) ->
    {_, Flags, _} = rx:avp_header(Name),
    not lists:member(Name, ?EITHER_M) andalso M =/= (Flags band 16#40 =/= 0).

notes(Name, #diameter_packet{msg = [_ | Fields], avps = Avps}) ->
    [begin count("unknown_avps"), say("note ~s unknown AVP ~p vendor ~p", [Name, Code, Vendor]) end
        || #diameter_avp{name = undefined, code = Code, vendor_id = Vendor} <- flat(Avps)],
    [begin count("unlisted_avps"), say("note ~s AVP ~s is not in its grammar", [Name, Avp]) end
        || #diameter_avp{name = Avp} <- maps:get('AVP', Fields, []), Avp =/= undefined].

flat(Avps) -> lists:flatten(Avps).

checks([], _) -> ok;
checks([Check | More], Subject) ->
    case Check(Subject) of [] -> checks(More, Subject); [Fault | _] -> Fault end.

%% ---- Sessions and answers -----------------------------------------------------------------------

authorized(#{'Session-Id' := Id, 'Origin-Host' := Af, 'Origin-Realm' := Realm} = Fields, Known,
           {_, #diameter_caps{origin_host = {_, Hop}}}) ->
    Before = case Known of
        [{_, Session}] -> Session#{updates := map_get(updates, Session) + 1};
        [] -> #{updates => 0, media => [], class => new_class(),
                actions => maps:get('Specific-Action', Fields, [])}
    end,
    Media = [map_get('Media-Component-Number', C) || C <- maps:get('Media-Component-Description', Fields, [])],
    [Ue] = maps:get('Framed-IP-Address', Fields, maps:get('Framed-IPv6-Prefix', Fields, [])),
    Now = Before#{af => Af, realm => Realm, hop => Hop, ue => Ue,
                  media := lists:usort(map_get(media, Before) ++ Media)},
    ets:insert(sessions, {Id, Now}),
    ets:insert(own, {last_af, Now}),
    say("~s ~s", [case Known of [] -> "opened"; _ -> "updated" end, Id]),
    reply('AAR', Fields, 2001, #{
        'IP-CAN-Type' => [5], 'RAT-Type' => [1004], 'Class' => [map_get(class, Now)],
        'Supported-Features' => [F#{'Feature-List' := Bits band features(List)}
            || #{'Vendor-Id' := ?TGPP, 'Feature-List-ID' := List, 'Feature-List' := Bits} = F
                   <- maps:get('Supported-Features', Fields, [])]}).

new_class() -> integer_to_binary(erlang:unique_integer([positive, monotonic])).

%% TS 29.214 §5.4.1: this PCRF has Rel8, Rel9, sponsoring, Rel10 and NetLoc of list 1, nothing of list 2.
features(1) -> 2#111011;
features(_) -> 0.

refuse(Name, Fields, Code, Reason) ->
    refused(Name, Code, Reason),
    reply(Name, Fields, Code, #{}).

reply(_, _, Code, _) when is_integer(Code), Code < 4000, Code >= 3000 -> {answer_message, Code};
reply(Name, #{'Session-Id' := Id}, Code, More) ->
    Common = More#{'Session-Id' => Id, 'Origin-Host' => own(host), 'Origin-Realm' => own(realm)},
    Resulting = case Code of
        {experimental, N} -> Common#{'Experimental-Result' =>
            [#{'Vendor-Id' => ?TGPP, 'Experimental-Result-Code' => N}]};
        _ -> Common#{'Result-Code' => [Code]}
    end,
    {reply, [list_to_existing_atom(answer_to(Name)) |
             case Name of 'AAR' -> Resulting#{'Auth-Application-Id' => ?RX}; _ -> Resulting end]};
reply(_, _, Code, _) -> {answer_message, Code}.

answer_to(Name) -> [A, B, _] = atom_to_list(Name), [A, B, $A].

own(Key) -> ets:lookup_element(own, Key, 2).
code({Code, _}) -> Code;
code(Code) -> Code.
reason({_, [Avp | _]}) -> reason({0, Avp});
reason({_, #diameter_avp{name = undefined, code = Code, vendor_id = Vendor}}) ->
    io_lib:format("~p:~p", [Vendor, Code]);
reason({_, #diameter_avp{name = Name, code = Code}}) -> io_lib:format("~s(~p)", [Name, Code]);
reason(_) -> "message".

refused(Name, Code, Reason) ->
    count("refused"),
    say("refused ~s ~0p ~s", [Name, Code, Reason]).

count(Name) when is_atom(Name) -> count(atom_to_list(Name));
count(Name) -> ets:update_counter(counters, Name, 1, {Name, 0}).

say(Format, Values) -> io:format(Format ++ "~n", Values).
