"""What a sample speaks for: one mine, or all those a composite was mixed from."""

from __future__ import annotations

from samples.models import CompositeShare, Mine, Sample


def mines_of(sample: Sample) -> list[Mine]:
    """The mines whose material is in the sample, by name: its own, or those of everything it was mixed from, however far back."""
    if sample.mine is not None:
        return [sample.mine]
    found: dict[object, Mine] = {}
    waiting, seen = [sample.pk], {sample.pk}
    while waiting:
        shares = CompositeShare.objects.filter(composite__in=waiting).values_list("source", flat=True)
        parents = Sample.objects.filter(pk__in=waiting, parent__isnull=False).values_list("parent_id", flat=True)
        wanted = {key for key in (*shares, *parents) if key is not None and key not in seen}
        sources = Sample.objects.filter(pk__in=wanted).select_related("mine")
        waiting = []
        for source in sources:
            seen.add(source.pk)
            if source.mine is not None:
                found[source.mine.pk] = source.mine
            else:
                waiting.append(source.pk)
    return sorted(found.values(), key=lambda mine: mine.name)


def belt_of(sample: Sample) -> str:
    """The belt it comes from; for a composite of several, all of them."""
    if sample.mine is not None:
        return sample.mine.belt
    return ", ".join(sorted({mine.belt for mine in mines_of(sample)}))
