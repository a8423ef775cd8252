"""`meshcast proxy PUBLISHER... --publish ADDRESS`: publish the streams of several publishers at one address."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

from edge import console
from edge.cli.options import add_metrics_options, add_server_curve_options, security_from
from edge.errors import EXIT_WHOLE, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edge.runtime.health import Heartbeat
    from edge.wire.proxy import Proxy, ProxyStats
    from edge.wire.upstream import UpstreamConfig

SLACK_S = 5.0  # a turn of the loop that takes longer is a stall


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the `proxy` command to the command line."""
    parser = subparsers.add_parser(
        "proxy",
        help="publish the streams of several publishers at one address",
        description="Forward the messages of PUBLISHERs unchanged to the clients of one address. Publishers send only "
        "what clients have subscribed to. A slow client loses messages, and does not delay others.",
        epilog="exit codes: 0 stopped by Ctrl-C, 1 unusable address or key file, 2 usage error",
    )
    parser.add_argument("publishers", metavar="PUBLISHER", nargs="+", help="address, for example tcp://10.0.0.7:5556")
    parser.add_argument(
        "--publish", required=True, metavar="ADDRESS", help="address for clients, for example tcp://127.0.0.1:5556"
    )
    add_server_curve_options(parser)
    group = parser.add_argument_group("connecting to encrypted publishers (docs/how-to/security.md)")
    group.add_argument(
        "--client-curve", type=Path, metavar="CLIENT.key", help="the proxy's key, which the publishers authorize"
    )
    group.add_argument(
        "--server",
        type=Path,
        action="append",
        default=[],
        metavar="SERVER.pub",
        help="public key of all publishers, or once per publisher in their order",
    )
    add_metrics_options(parser.add_argument_group("monitoring"))
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Forward until Ctrl-C. Returns the exit code; raises MeshcastError."""
    from edge.monitoring.metrics_endpoint import MetricsEndpoint, read_token
    from edge.monitoring.proxy_collector import ProxyCollector
    from edge.runtime.health import Heartbeat
    from edge.runtime.signals import interruptible
    from edge.runtime.supervision import Supervision
    from edge.wire.proxy import Proxy

    if args.metrics_token_file is not None and args.metrics is None:
        raise UsageError("--metrics-token-file: needs --metrics HOST:PORT")
    upstreams, security = _upstreams(args), security_from(args)
    token = None if args.metrics_token_file is None else read_token(args.metrics_token_file)
    with ExitStack() as stack:
        interrupt = stack.enter_context(interruptible())
        proxy = stack.enter_context(Proxy(args.publish, upstreams, security=security))
        heartbeat = Heartbeat(lambda: _line(proxy.stats()), slack_s=SLACK_S)
        served = ""
        if args.metrics is not None:
            endpoint = stack.enter_context(
                MetricsEndpoint(
                    args.metrics,
                    ProxyCollector(proxy.stats),
                    ProxyProbes(proxy, heartbeat),
                    token=token,
                    insecure=args.insecure,
                )
            )
            served = f", metrics at http://{endpoint.address}/metrics"
        supervision = stack.enter_context(Supervision(heartbeat))
        supervision.ready()
        console.note(f"publishing {_count(upstreams)} at {proxy.address}{served}; stop with Ctrl-C", "proxy")
        proxy.run(lambda: interrupt.asked, heartbeat.beat)
    return EXIT_WHOLE


class ProxyProbes:
    """Health of a proxy: ready when every publisher has a live stream."""

    started = True

    def __init__(self, proxy: Proxy, heartbeat: Heartbeat) -> None:
        self._proxy, self._heartbeat = proxy, heartbeat

    def missing(self) -> list[str]:
        """Addresses of publishers without a live stream."""
        return [each.address for each in self._proxy.stats().upstreams if not any(each.streams.values())]

    def stalled(self, limit_s: float) -> list[str]:
        """See Heartbeat."""
        return self._heartbeat.stalled(limit_s)


def _upstreams(args: argparse.Namespace) -> list[UpstreamConfig]:
    """Raises UsageError for options that do not go together, KeyFileError for a file without a key."""
    from edge.wire.upstream import UpstreamConfig
    from meshcast.transport.curve import Curve, read_keys, read_public

    addresses: list[str] = args.publishers
    if args.client_curve is None:
        if args.server:
            raise UsageError("--server: needs the proxy's own key too; add --client-curve CLIENT.key")
        return [UpstreamConfig(address) for address in addresses]
    if len(args.server) not in (1, len(addresses)):
        raise UsageError(
            "--client-curve: needs the publishers' public keys too; add --server SERVER.pub, once or once per publisher"
        )
    keys = read_keys(args.client_curve)
    servers = [read_public(path) for path in args.server]
    servers = servers if len(servers) == len(addresses) else servers * len(addresses)
    return [UpstreamConfig(address, Curve(keys, server)) for address, server in zip(addresses, servers, strict=True)]


def _count(upstreams: Sequence[UpstreamConfig]) -> str:
    return f"{len(upstreams)} publishers" if len(upstreams) > 1 else upstreams[0].address


def _line(stats: ProxyStats) -> str:
    live = sum(up for upstream in stats.upstreams for up in upstream.streams.values())
    return f"{live} streams, {stats.clients} clients"
