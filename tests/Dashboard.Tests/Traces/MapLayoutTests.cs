using FlowPlatform.Dashboard.Traces;

namespace FlowPlatform.Dashboard.Tests.Traces;

public sealed class MapLayoutTests
{
    [Fact]
    public void Who_is_called_stands_to_the_right_and_circles_run_back()
    {
        var layout = Of("a>b", "b>c", "b>d", "c>e", "d>e", "e>b");

        X("a").ShouldBeLessThan(X("b"));
        X("b").ShouldBeLessThan(X("c"));
        X("c").ShouldBe(X("d"));
        X("d").ShouldBeLessThan(X("e"));
        layout.Lines.Count.ShouldBe(6);
        layout.Lines.ShouldAllBe(static line => line.Path.StartsWith('M'));

        double X(string name) => layout.Nodes.Single(node => node.Name == name).X;
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Boxes_lie_on_no_other_and_within_the_drawing(int seed)
    {
        var random = new Random(seed);
        var layout = Of([.. Enumerable.Range(0, 60).Select(_ => $"s{random.Next(25)}>s{random.Next(25)}").Distinct()]);

        foreach (var node in layout.Nodes)
        {
            layout.Nodes.ShouldAllBe(other => other == node || Math.Abs(other.X - node.X) >= MapLayout.NodeWidth || Math.Abs(other.Y - node.Y) >= MapLayout.NodeHeight);
            node.X.ShouldBeInRange(0, layout.Width - MapLayout.NodeWidth);
            node.Y.ShouldBeInRange(0, layout.Height - MapLayout.NodeHeight);
        }

        layout.Lines.ShouldAllBe(line => line.X >= 0 && line.X <= layout.Width && line.Y >= 0 && line.Y <= layout.Height);
    }

    [Fact]
    public void The_same_map_looks_the_same_whatever_comes_first()
    {
        string[] edges = ["a>b", "b>c", "b>d", "c>e", "d>e", "e>b", "e>a"];

        Of([.. edges.Reverse()]).Nodes.ShouldBe(Of(edges).Nodes);
    }

    [Theory]
    [InlineData(2)]
    [InlineData(4)]
    [InlineData(5)]
    public void What_has_five_layers_fits_the_page(int layers)
    {
        const int PageAt1280 = 1_018;
        var layout = Of([.. Enumerable.Range(1, layers - 1).Select(static layer => $"s{layer}>s{layer + 1}")]);

        layout.Nodes.Count.ShouldBe(layers);
        layout.Width.ShouldBeLessThanOrEqualTo(PageAt1280);
    }

    [Fact]
    public void Of_many_lines_only_those_that_fail_or_are_looked_at_have_figures()
    {
        List<MapEdge> edges = [.. Enumerable.Range(1, 20).Select(static to => Edge("a", $"b{to}")), Edge("c", "a"), Edge("c", "d") with { ErrorShare = 0.1 }];

        MapLayout.Of([], edges).Lines.Where(static line => line.IsLabelled).Select(static line => (line.From, line.To)).ShouldBe([("c", "d")]);
        MapLayout.Of([], edges, "c").Lines.Count(static line => line.IsLabelled).ShouldBe(2);
        MapLayout.Of([], [.. edges.Take(3)]).Lines.ShouldAllBe(static line => line.IsLabelled);
    }

    [Fact]
    public void All_that_goes_between_two_is_one_line()
    {
        var layout = MapLayout.Of([], [Edge("a", "b") with { Count = 10, ErrorShare = 0.1, PerSecond = 1 }, Edge("a", "b") with { Count = 30, Via = "other", PerSecond = 3 }, Edge("a", "a")]);

        var line = layout.Lines.ShouldHaveSingleItem();
        (line.PerSecond, line.ErrorShare, line.Edges[0].Via).ShouldBe((4, 0.025, "other"));
    }

    [Fact]
    public void Nothing_is_drawn_of_nothing() => MapLayout.Of([], []).Nodes.ShouldBeEmpty();

    private static MapLayout Of(params string[] edges) => MapLayout.Of([], [.. edges.Select(static edge => Edge(edge.Split('>')[0], edge.Split('>')[1]))]);

    private static MapEdge Edge(string from, string to) => new(from, to, EdgeKind.Message, "stream", false, 1, 1, 0, TimeSpan.Zero, TimeSpan.Zero, TimeSpan.Zero);
}
